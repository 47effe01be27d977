//! The `strongroom` binary: server and command line. Everything is in the library beside it.

fn main() -> std::process::ExitCode {
    strongroom_server::main()
}

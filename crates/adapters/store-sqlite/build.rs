//! Tells Cargo that the migrations, which lie outside this crate, are compiled into it.

fn main() {
    println!("cargo:rerun-if-changed=../../../migrations/sqlite");
}

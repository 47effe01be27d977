use std::fs;
use std::path::Path;

#[test]
fn only_the_aead_module_touches_the_cipher() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let touching: Vec<_> = fs::read_dir(sources)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.contains("ring::aead") || text.contains("use ring::{")
        })
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(touching, ["aead.rs"]);
}

//! A new migration file is a change of this crate; without this, Cargo would not notice one.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

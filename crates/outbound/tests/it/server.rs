//! An `s3s-fs` server on a free loopback port, stopped when dropped.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const ACCESS_KEY: &str = "LTAI5tForTheTests";
pub(crate) const SECRET_KEY: &str = "a-secret-for-the-tests";

/// A running server; its buckets are the folders in `root`.
pub(crate) struct S3Server {
    process: Child,
    root: TempDir,
    address: SocketAddr,
}

impl S3Server {
    pub(crate) fn start() -> S3Server {
        let program = program();
        let root = tempfile::tempdir().expect("a folder");
        // The port is free now; should another test take it first, the server ends and the next port is tried.
        for _ in 0..10 {
            let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
            let mut process = Command::new(&program)
                .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
                .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
                .args(["--domain", &format!("localhost:{}", address.port())])
                .arg(root.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("could not start {}: {error}", program.display()));
            if answers(&mut process, address) {
                return S3Server { process, root, address };
            }
        }
        panic!("{} did not come up on any of ten ports", program.display());
    }

    pub(crate) fn create_bucket(&self, name: &str) {
        std::fs::create_dir(self.folder(name)).expect("a bucket");
    }

    /// Where a bucket's objects lie.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Its endpoint by address: path style.
    pub(crate) fn by_address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its endpoint by name: buckets are below it.
    pub(crate) fn by_name(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> PathBuf {
    let program = std::env::var_os("CAIRN_TEST_S3S")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/bin/s3s-fs")));
    assert!(
        program.is_file(),
        "this test needs the S3 server s3s-fs at {}; `cargo xtask test` installs it, or: \
         cargo install s3s-fs@0.14.1 --features binary --locked --root target/tools \
         (CAIRN_TEST_S3S names another place)",
        program.display()
    );
    program
}

fn answers(process: &mut Child, address: SocketAddr) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if process.try_wait().expect("the process can be asked").is_some() {
            return false;
        }
        if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("s3s-fs does not answer on {address}");
}

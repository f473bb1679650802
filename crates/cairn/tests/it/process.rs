//! Processes that always end: a node is killed when its test is done with it, a command when it takes too long.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// For anything a test waits for. Far more than it takes, as other tests may keep the machine busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A place of its own: a home without profiles, and a data folder.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[allow(clippy::disallowed_methods, reason = "a test writes its input")]
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// The binary, with nothing of the tester's own environment that it would listen to.
    pub(crate) fn cairn<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CAIRN_") || name.starts_with("ALIBABA_CLOUD_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/config"))
            .env("XDG_STATE_HOME", self.path("home/state"))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Done {
        run(self.cairn(arguments), b"")
    }

    /// `cairn init`, as JSON.
    pub(crate) fn init(&self) -> Key {
        let done = self.run(&["init", "--data", "data", "--json"]).ok();
        let made: Value = serde_json::from_str(&done.stdout).expect("JSON");
        Key {
            account: text(&made["account_id"]),
            id: text(&made["access_key_id"]),
            secret: text(&made["access_key_secret"]),
        }
    }

    /// A fresh node with its key.
    pub(crate) fn node(&self, variables: &[(&str, &str)]) -> Node<'_> {
        let key = self.init();
        let process = NodeProcess::start(self, "127.0.0.1:0", variables);
        Node { place: self, key, process }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// An access key and its account.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A finished command.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// The same, which must have succeeded.
    pub(crate) fn ok(self) -> Done {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// The same, which must have ended with this code.
    pub(crate) fn failed_with(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// Runs a command with this standard input to its end, or kills it.
pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Done {
    let mut child = Guarded(
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts"),
    );
    let mut pipe = child.0.stdin.take().expect("piped");
    let input = stdin.to_vec();
    // A command that does not read its input closes it; that is its right.
    std::thread::spawn(move || drop(pipe.write_all(&input)));
    let collect = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("readable");
            String::from_utf8(bytes).expect("UTF-8")
        })
    };
    let stdout = collect(Box::new(child.0.stdout.take().expect("piped")));
    let stderr = collect(Box::new(child.0.stderr.take().expect("piped")));
    let status = child.wait(PATIENCE);
    Done { code: status.code(), stdout: stdout.join().expect("read"), stderr: stderr.join().expect("read") }
}

/// A child that does not outlive its test.
pub(crate) struct Guarded(pub(crate) Child);

impl Guarded {
    /// Waits for its end, but not for ever.
    pub(crate) fn wait(&mut self, patience: Duration) -> ExitStatus {
        wait_until("the process ends", patience, || self.0.try_wait().expect("a child"))
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().expect("kill is there");
        assert!(status.success());
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Fails when it has ended, which is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The lines of a process's output as they come.
pub(crate) struct Lines(mpsc::Receiver<String>);

impl Lines {
    pub(crate) fn of(output: impl Read + Send + 'static) -> Lines {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    // Go on reading, so that the process is not stopped by a full pipe.
                }
            }
        });
        Lines(receiver)
    }

    /// The next line, if one comes in time.
    pub(crate) fn next_within(&self, patience: Duration) -> Option<String> {
        self.0.recv_timeout(patience).ok()
    }

    /// The next line that matches, and those before it.
    pub(crate) fn until(&self, what: impl Fn(&str) -> bool) -> (String, Vec<String>) {
        let mut before = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if what(&line) => return (line, before),
                Ok(line) => before.push(line),
                Err(error) => panic!("no such line ({error}) after {before:#?}"),
            }
        }
    }
}

/// A running `cairn serve`.
pub(crate) struct NodeProcess {
    pub(crate) child: Guarded,
    pub(crate) endpoint: String,
    /// What it printed before it listened.
    pub(crate) greeting: Vec<String>,
    _stdout: Lines,
}

impl NodeProcess {
    pub(crate) fn start(place: &Place, listen: &str, variables: &[(&str, &str)]) -> NodeProcess {
        let mut command = place.cairn(&["serve", "--data", "data", "--listen", listen]);
        // One port for all nodes would be taken by the first.
        command.env("CAIRN_POSTGRES_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
        let mut child = Guarded(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts"));
        let stdout = Lines::of(child.0.stdout.take().expect("piped"));
        let (line, greeting) = stdout.until(|line| line.starts_with("listening on "));
        let endpoint = line.trim_start_matches("listening on ").to_owned();
        NodeProcess { child, endpoint, greeting, _stdout: stdout }
    }

    /// Where it listens, as `serve --listen` takes it.
    pub(crate) fn address(&self) -> &str {
        self.endpoint.split_once("://").expect("an endpoint").1
    }
}

/// A node and the key of its management account.
pub(crate) struct Node<'p> {
    pub(crate) place: &'p Place,
    pub(crate) key: Key,
    pub(crate) process: NodeProcess,
}

impl Node<'_> {
    /// A command that speaks to this node as its management account.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.place.cairn(arguments);
        command
            .env("CAIRN_ENDPOINT", &self.process.endpoint)
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", &self.key.id)
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &self.key.secret);
        command
    }

    /// Runs it.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Done {
        run(self.command(arguments), b"")
    }

    /// Runs it with this on its standard input.
    pub(crate) fn run_with_input<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Done {
        run(self.command(arguments), input.as_bytes())
    }

    /// Kills it as a power failure would, and starts it again at the same address.
    pub(crate) fn kill_and_restart(&mut self, variables: &[(&str, &str)]) {
        let address = self.process.address().to_owned();
        self.process.child.signal("KILL");
        self.process.child.wait(PATIENCE);
        self.process = NodeProcess::start(self.place, &address, variables);
    }
}

/// An event of now with this id.
pub(crate) fn event(id: &str) -> String {
    event_with(id, "")
}

/// The same with further fields, each ending in a comma.
pub(crate) fn event_with(id: &str, fields: &str) -> String {
    format!(r#"{{{fields}"eventId":"{id}","eventTime":"{}","eventName":"Made"}}"#, now())
}

/// The time of day as events write it.
pub(crate) fn now() -> String {
    host::Clock::now(&host::SystemClock).to_string()
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("readable").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

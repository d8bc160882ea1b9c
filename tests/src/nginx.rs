//! An nginx of one's own, with settings of one's own.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::ports::free_port;
use crate::{Log, PATIENCE, Program, Running};

/// What nginx may want to write, and where Debian's would write it outside of its folder.
const PLACES: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// An nginx on a port of its own. Dropping it kills it.
pub struct OwnNginx {
    folder: tempfile::TempDir,
    port: u16,
    log: Log,
    settings: String,
    running: Option<Running>,
}

impl OwnNginx {
    /// Starts one with what one would put into `conf.d`: `server` blocks and all that may stand beside them. `@PORT@`
    /// becomes its port, `@DIR@` its folder.
    ///
    /// # Panics
    ///
    /// When nginx refuses the settings, or there is none.
    #[must_use]
    pub fn start(settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("kefu-nginx").tempdir().expect("a folder");
        let settings = settings.to_owned();
        let mut own = Self { folder, port: 0, log: Log::default(), settings, running: None };
        // Somebody may take the port between our look and the start.
        for _ in 0..5 {
            own.port = free_port();
            if own.launch() {
                return own;
            }
            if !own.log.tail(20).contains("Address already in use") {
                break;
            }
        }
        panic!("nginx did not start: {}", own.log.tail(20));
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where its settings may refer to, as `@DIR@`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has said of itself, where its settings send that nowhere else.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Kills it.
    pub fn kill9(&mut self) {
        self.running.take().expect("it runs").kill9();
    }

    /// Starts it again on the same port with these settings.
    pub fn start_again(&mut self, settings: &str) {
        assert!(self.running.is_none(), "it runs already");
        settings.clone_into(&mut self.settings);
        assert!(self.launch(), "nginx did not come back: {}", self.log.tail(20));
    }

    fn launch(&mut self) -> bool {
        let folder = self.folder.path().display().to_string();
        let note = self.folder.path().join("nginx.pid");
        let _ = std::fs::remove_file(&note);
        std::fs::write(self.folder.path().join("whole.conf"), self.whole(&folder)).expect("the settings are written");
        let arguments = ["-p", &format!("{folder}/"), "-e", "stderr", "-c", &format!("{folder}/whole.conf")];
        let running = Program::new("nginx", arguments).start(&self.log);
        let deadline = Instant::now() + PATIENCE;
        // It notes its number when it listens.
        let listens = || std::fs::read_to_string(&note).is_ok_and(|text| text.trim() == running.pid().to_string());
        while !listens() {
            if !running.lives() || Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.running = Some(running);
        true
    }

    /// One process is enough, and leaves no workers behind when it is killed.
    fn whole(&self, folder: &str) -> String {
        let places: String = PLACES.iter().map(|place| format!("{place}_temp_path \"{folder}/{place}\";\n")).collect();
        let settings = self.settings.replace("@PORT@", &self.port.to_string()).replace("@DIR@", folder);
        format!(
            "daemon off;\nmaster_process off;\npid \"{folder}/nginx.pid\";\nevents {{}}\nhttp {{\n\
             access_log \"{folder}/access.log\";\n{places}{settings}\n}}\n"
        )
    }
}

//! Stands between the desk and its server, and cuts the line when a test says so.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// When the line is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The next COMMIT is not passed on.
    BeforeCommit,
    /// The next COMMIT is passed on, its answer is not.
    AfterCommit,
}

#[derive(Default)]
struct State {
    plan: Mutex<Option<Cut>>,
    lines: Mutex<Vec<TcpStream>>,
    refuses: AtomicBool,
    opened: AtomicUsize,
}

pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !shared.refuses.load(Ordering::SeqCst) {
                    join(client, TcpStream::connect(server).unwrap(), &shared);
                }
            }
        });
        Self { port, state }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn plan(&self, cut: Cut) {
        *self.state.plan.lock().unwrap() = Some(cut);
    }

    /// Cuts every line there is.
    pub fn cut(&self) {
        for line in self.state.lines.lock().unwrap().drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
    }

    /// Hangs up on everybody who comes, or no longer.
    pub fn refuse(&self, refuses: bool) {
        self.state.refuses.store(refuses, Ordering::SeqCst);
    }

    /// How many lines were opened so far.
    pub fn opened(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    state.opened.fetch_add(1, Ordering::SeqCst);
    state.lines.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    let swallow = Arc::new(AtomicBool::new(false));

    let (from, to, shared, told) =
        (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(state), Arc::clone(&swallow));
    std::thread::spawn(move || {
        pass(from, to, |bytes| {
            if !bytes.windows(7).any(|part| part == b"\x03COMMIT") {
                return true;
            }
            match shared.plan.lock().unwrap().take() {
                None => true,
                Some(Cut::BeforeCommit) => false,
                Some(Cut::AfterCommit) => {
                    told.store(true, Ordering::SeqCst);
                    true
                }
            }
        });
    });
    std::thread::spawn(move || pass(server, client, |_| !swallow.load(Ordering::SeqCst)));
}

/// Passes bytes on until one side ends or the judge says no.
fn pass(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        if !goes_on(&bytes[..n]) || to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

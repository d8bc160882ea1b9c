//! A Redis from before RESP3, as far as it matters: it knows no `HELLO`.

use std::net::SocketAddr;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A Redis 5 in which nobody listens. It ends with its drop.
pub struct AncientRedis {
    address: SocketAddr,
    acceptor: tokio::task::JoinHandle<()>,
}

impl AncientRedis {
    /// One on a port of its own.
    ///
    /// # Panics
    ///
    /// When there is no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its own address");
        let acceptor = tokio::spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((line, _)) = listener.accept().await {
                lines.spawn(answer(line));
            }
        });
        Self { address, acceptor }
    }

    /// As settings name it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

impl Drop for AncientRedis {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// Answers one command after the other, until the line ends or what comes is no command.
async fn answer(mut line: TcpStream) -> Option<()> {
    let (reader, mut writer) = line.split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut words = Vec::new();
        for _ in 0..number(&mut reader, '*').await? {
            let mut word = vec![0; number(&mut reader, '$').await?];
            reader.read_exact(&mut word).await.ok()?;
            reader.read_exact(&mut [0; 2]).await.ok()?;
            words.push(String::from_utf8_lossy(&word).into_owned());
        }
        let answer = match words.first()?.as_str() {
            "PUBLISH" => ":0\r\n".to_owned(),
            unknown => format!("-ERR unknown command `{unknown}`, with args beginning with: \r\n"),
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn number(reader: &mut (impl AsyncBufRead + Unpin), of: char) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(of)?.parse().ok()
}

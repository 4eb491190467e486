//! A local client as people use them: it offers permessage-deflate, and answers pings.

use std::net::SocketAddr;

use ringside::pipeline::websocket::{ConnectError, Incoming, Websocket};
use tokio::time::timeout;
use url::Url;

use crate::support::{LIMIT, service::Service};

use super::settings;

pub struct Client {
    socket: Websocket,
}

impl Client {
    pub async fn connect(service: &Service, path: &str) -> Self {
        Self::connect_to(service.address(), path).await
    }

    pub async fn connect_to(address: SocketAddr, path: &str) -> Self {
        Self { socket: connect(address, path).await.unwrap() }
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send_text(text.to_owned()).await.unwrap();
    }

    /// The next text; answers to pings are passed over.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(text) => text,
            None => panic!("an answer to a ping that was not sent"),
        }
    }

    pub async fn ask(&mut self, text: &str) -> String {
        self.send(text).await;
        self.text().await
    }

    /// Nothing came before the answer to a ping.
    pub async fn is_silent(&mut self) {
        self.socket.ping().await.unwrap();
        assert_eq!(self.next().await, None);
    }

    /// Why the other side said goodbye.
    pub async fn end(&mut self) -> String {
        let settings = settings();
        let end = timeout(LIMIT, async {
            loop {
                match self.socket.next(&settings).await {
                    Ok(Incoming::Ping) => {}
                    Ok(other) => panic!("{other:?} in place of a goodbye"),
                    Err(ringside::pipeline::websocket::SocketEnd::Closed(words)) => return words,
                    Err(other) => panic!("{other}"),
                }
            }
        });
        end.await.expect("a goodbye").expect("its words")
    }

    pub async fn close(self) {
        self.socket.close().await;
    }

    /// None: the answer to our ping.
    async fn next(&mut self) -> Option<String> {
        let settings = settings();
        timeout(LIMIT, async {
            loop {
                match self.socket.next(&settings).await.unwrap() {
                    Incoming::Text(text) => return Some(text.to_string()),
                    Incoming::Pong => return None,
                    Incoming::Ping => {}
                    Incoming::Binary(bytes) => panic!("{bytes:?}"),
                }
            }
        })
        .await
        .expect("something is said in time")
    }
}

/// The status with which an upgrade is refused.
pub async fn refusal(address: SocketAddr, path: &str) -> u16 {
    match connect(address, path).await {
        Err(ConnectError::Refused(why)) => {
            why.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{why}"))
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{path} was upgraded"),
    }
}

async fn connect(address: SocketAddr, path: &str) -> Result<Websocket, ConnectError> {
    let url = Url::parse(&format!("ws://{address}{path}")).unwrap();
    timeout(LIMIT, Websocket::connect(&url, &settings())).await.expect("an answer in time")
}

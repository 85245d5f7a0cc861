//! The server: a repo that does not announce, and shares a document with whoever asks for it.

use std::path::Path;

use samod::storage::TokioFilesystemStorage;
use samod::{Repo, ShareConfig, Url};
use serde_json::{Value, json};
use tendenko_workload::tablets::Failure;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::net::TcpListener;

/// Serves until told to stop.
pub async fn run(dir: &Path, address: &str) -> Result<(), Failure> {
    let repo = Repo::build_tokio()
        .with_storage(TokioFilesystemStorage::new(dir.join("server")))
        .with_peer_id("storage-server".into())
        .with_share_policy(ShareConfig::read_write().with_announce(false))
        .load()
        .await;
    let listener = TcpListener::bind(address).await?;
    println!("{}", json!({"listening": listener.local_addr()?.port()}));
    let acceptor = repo.make_acceptor(Url::parse("tcp://server")?)?;
    tokio::spawn(async move {
        while let Ok((io, _)) = listener.accept().await {
            let accepted = io.set_nodelay(true).is_ok() && acceptor.accept_tokio_io(io).is_ok();
            if !accepted {
                break;
            }
        }
    });
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let order: Value = serde_json::from_str(&line)?;
        // The only way to be told that everything is written is to stop.
        if matches!(order["do"].as_str(), Some("durable" | "stop")) {
            repo.stop().await;
        }
        println!("{}", json!({"ok": true}));
        if order["do"] == "stop" {
            break;
        }
    }
    Ok(())
}

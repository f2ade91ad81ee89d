//! Signals to stop: SIGTERM, SIGINT, or the end of the parent process.

use std::io::{self, Read};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Remembers whether this process has received a signal to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    sender: watch::Sender<bool>,
}

impl Signals {
    /// Installs the handlers. This must happen first, because a process with id 1 ignores signals without a handler.
    pub(crate) fn install() -> io::Result<Self> {
        let (sender, _) = watch::channel(false);
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            let (mut signal, sender) = (signal(kind)?, sender.clone());
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    sender.send_replace(true);
                }
            });
        }
        Ok(Self { sender })
    }

    /// Treats the end of standard input as a signal from now on. A thread waits for it, because reading is the only
    /// portable way to notice it.
    pub(crate) fn watch_standard_input(&self) {
        let sender = self.sender.clone();
        thread::spawn(move || {
            let mut ignored = [0; 256];
            let mut input = io::stdin().lock();
            loop {
                match input.read(&mut ignored) {
                    Ok(read) if read > 0 => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    _ => break,
                }
            }
            sender.send_replace(true);
        });
    }

    /// Waits until a signal has been received. Returns at once if one was received before.
    pub(crate) async fn received(&self) {
        let mut receiver = self.sender.subscribe();
        if receiver.wait_for(|received| *received).await.is_err() {
            // Cannot happen: this value owns the sender.
            std::future::pending::<()>().await;
        }
    }
}

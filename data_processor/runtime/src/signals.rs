//! Being told to stop: SIGTERM, SIGINT, or the parent's end.

use std::io::{self, Read};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Knows whether this process was told to stop.
#[derive(Debug)]
pub(super) struct Signals {
    sender: watch::Sender<bool>,
}

impl Signals {
    /// Installs the handlers: the very first thing to do, since a process with id 1 ignores signals without one.
    pub(super) fn install() -> io::Result<Self> {
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

    /// From here on the end of standard input counts as a signal. A thread waits for it: reading is the only portable
    /// way to see it.
    pub(super) fn watch_standard_input(&self) {
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

    /// Waits until this process is told to stop; at once if it was.
    pub(super) async fn stopped(&self) {
        let mut receiver = self.sender.subscribe();
        if receiver.wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await; // The sender is ours: this cannot be.
        }
    }
}

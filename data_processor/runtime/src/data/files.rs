//! Files of the data directory, and nothing outside it.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Failing, Reader};
use crate::failure::Failure;

/// Opens a file of this directory.
pub(super) fn open(directory: &Path, path: &str) -> Result<Reader, Failure> {
    let resolved = resolve(directory, path)?;
    let reader = File::open(resolved).map_err(|error| unreadable(path, &error))?;
    let failure = |error: &io::Error| {
        Failure::retryable("ReadFailed", format!("the file could not be read: {error}"))
    };
    Ok(Box::new(Failing { reader, failure }))
}

/// Where a path leads, links followed: a permanent failure unless that is a regular file inside the directory. The
/// answer names only what was asked for: where the directory lies is nobody's business.
fn resolve(directory: &Path, path: &str) -> Result<PathBuf, Failure> {
    let outside = || {
        Failure::permanent(
            "PathOutsideData",
            format!("{path:?} leads out of the data directory"),
        )
    };
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    // Refused before anything is looked up: whether a path outside exists must not show.
    if path.contains('\0') || !Path::new(path).components().all(inside) {
        return Err(outside());
    }
    let root =
        fs::canonicalize(directory).map_err(|error| unreadable("the data directory", &error))?;
    let resolved = fs::canonicalize(root.join(path)).map_err(|error| unreadable(path, &error))?;
    if !resolved.starts_with(&root) {
        return Err(outside());
    }
    // Opening a pipe would wait for ever.
    if !resolved.is_file() {
        return Err(Failure::permanent(
            "NotAFile",
            format!("{path:?} is no regular file"),
        ));
    }
    Ok(resolved)
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::permanent(
            "FileNotFound",
            format!("{path:?} is not in the data directory"),
        ),
        io::ErrorKind::PermissionDenied => Failure::permanent(
            "FileDenied",
            format!("{path:?} may not be read by this program"),
        ),
        io::ErrorKind::InvalidFilename => Failure::permanent(
            "FileNotFound",
            format!("{path:?} is no usable path: {error}"),
        ),
        _ => Failure::retryable(
            "ReadFailed",
            format!("{path:?} could not be opened: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests;

//! Opens files of the data directory, and no others.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{FailureReader, Reader};
use crate::failure::Failure;

/// Opens a file of the data directory.
pub(super) fn open(directory: &Path, path: &str) -> Result<Reader, Failure> {
    let resolved = resolve(directory, path)?;
    let reader = File::open(resolved).map_err(|error| file_failure(path, &error))?;
    let failure = |error: &io::Error| {
        Failure::retryable("ReadFailed", format!("the file could not be read: {error}"))
    };
    Ok(Box::new(FailureReader { reader, failure }))
}

/// Resolves a path and its symbolic links. Fails permanently unless the result is a regular file inside the directory.
/// The failure contains only the path that was requested, never the location of the directory.
fn resolve(directory: &Path, path: &str) -> Result<PathBuf, Failure> {
    let outside = || {
        Failure::permanent(
            "PathOutsideData",
            format!("{path:?} is outside the data directory"),
        )
    };
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    // Checked before the file system is used, so that the failure does not show whether a path outside exists.
    if path.contains('\0') || !Path::new(path).components().all(is_inside) {
        return Err(outside());
    }
    let root =
        fs::canonicalize(directory).map_err(|error| file_failure("the data directory", &error))?;
    let resolved = fs::canonicalize(root.join(path)).map_err(|error| file_failure(path, &error))?;
    if !resolved.starts_with(&root) {
        return Err(outside());
    }
    // Opening a named pipe would block.
    if !resolved.is_file() {
        return Err(Failure::permanent(
            "NotAFile",
            format!("{path:?} is not a regular file"),
        ));
    }
    Ok(resolved)
}

fn file_failure(path: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::permanent(
            "FileNotFound",
            format!("{path:?} is not in the data directory"),
        ),
        io::ErrorKind::PermissionDenied => Failure::permanent(
            "FileDenied",
            format!("the permission to read {path:?} is missing"),
        ),
        io::ErrorKind::InvalidFilename => Failure::permanent(
            "FileNotFound",
            format!("{path:?} is not a valid path: {error}"),
        ),
        _ => Failure::retryable(
            "ReadFailed",
            format!("{path:?} could not be opened: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests;

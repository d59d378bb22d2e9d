//! What is true, apart from any cache: registers that processes share, and that no crash leaves in between.
//!
//! A register is a file to which every write appends one byte, and its version is its length: the kernel orders the
//! writes, and no lock is held by a process that is killed.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Register, Space};

/// The registers of all histories, in one directory.
pub(super) struct Truth(PathBuf);

impl Truth {
    pub(super) fn at(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    fn path(&self, history: u64, register: Register) -> PathBuf {
        let Register { space, key } = register;
        self.0.join(format!("{history}-{space:?}-{key}"))
    }

    /// The version of a register; 0 if it was never written.
    pub(super) fn read(&self, history: u64, register: Register) -> io::Result<u64> {
        match fs::metadata(self.path(history, register)) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Raises a register, and returns the version that this write has made.
    pub(super) fn write(&self, history: u64, register: Register) -> io::Result<u64> {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(history, register))?;
        file.write_all(b"+")?;
        // Behind what was appended, whatever others have appended since.
        file.stream_position()
    }

    /// Removes a history's registers.
    pub(super) fn forget(&self, history: u64) {
        for space in [Space::First, Space::Second, Space::Shared] {
            for key in 0..super::plan::KEYS {
                // Not there if it was never written.
                let _ = fs::remove_file(self.path(history, Register { space, key }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_writes_make_versions_of_their_own() {
        let directory = std::env::temp_dir().join(format!("lift-truth-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let (truth, register) = (Truth::at(&directory), Register { space: Space::First, key: 0 });
        assert_eq!(truth.read(7, register).expect("readable"), 0);
        let write = || (0..500).map(|_| truth.write(7, register).expect("written")).collect::<Vec<_>>();
        let mut versions: Vec<u64> = std::thread::scope(|threads| {
            let writers = [threads.spawn(write), threads.spawn(write)];
            writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
        });
        versions.sort_unstable();
        assert!(versions.into_iter().eq(1..=1000));
        assert_eq!(truth.read(7, register).expect("readable"), 1000);
        truth.forget(7);
        assert_eq!(truth.read(7, register).expect("readable"), 0);
        fs::remove_dir_all(directory).expect("removed");
    }
}

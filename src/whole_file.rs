//! A file appears under its name only when it is whole and on the disk; one that is there already
//! is replaced only where that was asked for.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file on its way to its name.
pub struct WholeFile {
    file: NamedTempFile,
    path: PathBuf,
    replace: bool,
}

impl WholeFile {
    /// Begins a file beside `path` that gets this name with [`WholeFile::finish`], and goes away
    /// without.
    ///
    /// # Errors
    /// A file is there already and `replace` is not set, or the folder can't be written.
    pub fn create(path: &Path, replace: bool) -> io::Result<Self> {
        if !replace && path.symlink_metadata().is_ok() {
            return Err(there_already());
        }
        let mut builder = tempfile::Builder::new();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // As an ordinary new file: the process's mask says who may read it.
        let file = builder
            .prefix(&format!(".{name}."))
            .suffix(".part")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder_of(path))?;
        Ok(Self { file, path: path.to_owned(), replace })
    }

    /// Makes it safe on the disk and gives it its name.
    ///
    /// # Errors
    /// It can't be written, or somebody else wrote a file of this name meanwhile.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let named = if self.replace {
            self.file.persist(&self.path)
        } else {
            self.file.persist_noclobber(&self.path)
        };
        named.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => there_already(),
            _ => error.error,
        })?;
        // The name is safe only with its folder.
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn there_already() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "it is there already")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

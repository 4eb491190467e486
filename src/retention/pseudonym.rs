//! What stands where a name stood: the same for the same name at one venue, and nobody finds the
//! name by it who does not have the key.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

const FILE_NAME: &str = "pseudonym.key";
const KEY_BYTES: usize = 32;
/// Of the digest: with ten thousand names at a venue two of them meet once in a hundred venues.
const SHOWN_BYTES: usize = 4;

/// Whose name it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Driver,
    Handler,
    Judge,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "Driver",
            Self::Handler => "Handler",
            Self::Judge => "Judge",
        }
    }
}

/// Makes pseudonyms.
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// With the key of this data directory, which is made where there is none.
    ///
    /// # Errors
    /// The file can't be read or written, or is none of ours.
    pub fn of(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE_NAME);
        let mut key = Vec::new();
        match fs::File::open(&path) {
            Ok(mut file) => {
                file.read_to_end(&mut key)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                key = random()?.to_vec();
                write(data_dir, &path, &key)?;
            }
            Err(error) => return Err(error),
        }
        if key.len() != KEY_BYTES {
            return Err(io::Error::other(format!("{} does not have its 32 bytes", path.display())));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// With a key that nobody will ever know.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn that_nobody_can_repeat() -> io::Result<Self> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &random()?)))
    }

    /// `Driver 7F3A2C41`
    pub fn of_name(&self, role: Role, venue: &str, name: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{venue}\0{}", key_of(name)).as_bytes());
        let shown = tag.as_ref().iter().take(SHOWN_BYTES);
        let digits: String = shown.map(|byte| format!("{byte:02X}")).collect();
        format!("{} {digits}", role.as_str())
    }
}

/// What makes two names the same: neither case nor the blanks around them.
pub fn key_of(name: &str) -> String {
    name.trim().to_lowercase()
}

fn random() -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(key)
}

/// Whole or not at all: half a key would be another one after the next start.
fn write(dir: &Path, path: &Path, key: &[u8]) -> io::Result<()> {
    let half = dir.join(format!("{FILE_NAME}.new"));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&half, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn pseudonym_is_the_same_for_a_name_at_a_venue_over_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let first = Pseudonyms::of(dir.path()).unwrap();
        let again = Pseudonyms::of(dir.path()).unwrap();
        let name = |of: &Pseudonyms, venue, name| of.of_name(Role::Driver, venue, name);
        let ann = name(&first, "SpeedPark", "Ann Lee");
        assert_eq!(ann, name(&again, "SpeedPark", " ANN LEE "));
        assert_ne!(ann, name(&first, "Elsewhere", "Ann Lee"));
        assert_ne!(ann, name(&first, "SpeedPark", "Ann Leer"));
        assert_eq!(ann.len(), "Driver 7F3A2C41".len());
        let other = Pseudonyms::that_nobody_can_repeat().unwrap();
        assert_ne!(ann, name(&other, "SpeedPark", "Ann Lee"));
        let mode = fs::metadata(dir.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn key_that_is_damaged_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), "short").unwrap();
        assert!(Pseudonyms::of(dir.path()).is_err());
        assert_eq!(fs::read(dir.path().join(FILE_NAME)).unwrap(), b"short");
    }
}

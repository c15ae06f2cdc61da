//! The file: a line of JSON that says what it is, a line for each record, and a line with their
//! counts at the end.

use domain::{OrgId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use store::transfer::{Counts, Record};

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first one.
    Export(Header),
    Record(Record),
    /// The last one.
    End(Counts),
}

/// What the file is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    org: OrgId,
    /// When the export began.
    at: Timestamp,
}

/// A file that is read, a line at a time.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
    lines: BufReader<File>,
    header: Header,
    counts: Counts,
    /// Where the last complete line ends, in bytes.
    read_to: u64,
    number: usize,
}

/// What comes next in a file.
#[derive(Debug)]
pub(super) enum Next {
    Record(Record),
    /// The export is whole.
    End,
    /// The export broke off here.
    BrokenOff,
}

impl Reader {
    /// Opens an export; `None` where the file is empty or breaks off in its first line.
    ///
    /// # Errors
    /// The file cannot be read, or is no export of this version.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path).map_err(|error| about(path, error))?;
        let mut lines = BufReader::new(file);
        let Some((line, read_to)) = read_line(&mut lines, path, 1)? else {
            return Ok(None);
        };
        let Line::Export(header) = line else {
            return Err(about(path, "does not begin as an export does"));
        };
        if header.version != VERSION {
            let what = format!("is of version {}, not {VERSION}", header.version);
            return Err(about(path, what));
        }
        Ok(Some(Self {
            path: path.to_owned(),
            lines,
            header,
            counts: Counts::default(),
            read_to,
            number: 1,
        }))
    }

    /// Whose records they are.
    pub(super) fn org(&self) -> &OrgId {
        &self.header.org
    }

    /// How many records have been read.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Bytes that have been read.
    pub(super) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Reads on.
    ///
    /// # Errors
    /// The file cannot be read, or holds a line that is none of an export, or another number of
    /// records than it says.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        self.number += 1;
        let Some((line, length)) = read_line(&mut self.lines, &self.path, self.number)? else {
            return Ok(Next::BrokenOff);
        };
        self.read_to += length;
        match line {
            Line::Record(record) => {
                self.counts += &record;
                Ok(Next::Record(record))
            }
            Line::End(counts) if counts == self.counts => Ok(Next::End),
            Line::End(_) => Err(about(
                &self.path,
                "does not hold as many records as it says",
            )),
            Line::Export(_) => Err(about(&self.path, "holds a second export")),
        }
    }
}

/// The next line and its length; `None` where there is no complete one.
fn read_line(
    lines: &mut impl BufRead,
    path: &Path,
    number: usize,
) -> io::Result<Option<(Line, u64)>> {
    let mut text = Vec::new();
    let length = lines
        .read_until(b'\n', &mut text)
        .map_err(|error| about(path, error))?;
    if text.last() != Some(&b'\n') {
        return Ok(None);
    }
    let line = serde_json::from_slice(&text);
    let line = line.map_err(|error| about(path, format!("line {number}: {error}")))?;
    Ok(Some((line, length as u64)))
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    counts: Counts,
}

/// An export as it is found.
pub(super) enum Begun {
    /// It goes on after this record; `None` is from the first.
    GoesOn(Writer, Option<Record>),
    /// Nothing is left to do.
    IsWhole(Counts),
}

impl Writer {
    /// Begins the export of `org` at `path`, or goes on with the one that is there: what follows
    /// its last complete line is cut.
    ///
    /// # Errors
    /// The file cannot be written, or is something else.
    pub(super) fn begin(path: &Path, org: &OrgId, now: Timestamp) -> io::Result<Begun> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| about(path, error))?;
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            counts: Counts::default(),
        };
        let Some(mut there) = Reader::open(path)? else {
            writer.cut(0)?;
            writer.write(&Line::Export(Header {
                version: VERSION,
                org: org.clone(),
                at: now,
            }))?;
            return Ok(Begun::GoesOn(writer, None));
        };
        if there.org() != org {
            return Err(about(path, format!("is an export of {}", there.org())));
        }
        let mut last = None;
        loop {
            match there.next()? {
                Next::Record(record) => last = Some(record),
                Next::End => return Ok(Begun::IsWhole(there.counts())),
                Next::BrokenOff => break,
            }
        }
        writer.counts = there.counts();
        writer.cut(there.read_to())?;
        Ok(Begun::GoesOn(writer, last))
    }

    /// How many records there are.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Adds records.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn add(&mut self, records: Vec<Record>) -> io::Result<()> {
        for record in records {
            self.counts += &record;
            self.write(&Line::Record(record))?;
        }
        self.file.flush().map_err(|error| about(&self.path, error))
    }

    /// Says that it is whole.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn end(mut self) -> io::Result<Counts> {
        self.write(&Line::End(self.counts))?;
        let written = self.file.flush();
        let kept = written.and_then(|()| self.file.get_ref().sync_all());
        kept.map_err(|error| about(&self.path, error))?;
        Ok(self.counts)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let file = self.file.get_mut();
        let cut = file.set_len(length);
        cut.and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(|error| about(&self.path, error))?;
        Ok(())
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file
            .write_all(&text)
            .map_err(|error| about(&self.path, error))
    }
}

fn about(path: &Path, problem: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {problem}", path.display()))
}

//! `ringside export laps` and its like: rows of the database as a file, beside a running service or
//! without one.

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::web;
use anyhow::{Context, bail, ensure};
use indicatif::ProgressBar;
use tokio::{pin, select};

use crate::{
    app::Database,
    event::FeedId,
    export::{Cursor, DataSet, Export, ExportError, Format, Wanted},
    whole_file::WholeFile,
};

use super::{
    super::{Failure, load, progress, run::Signals, say, when::When},
    STDOUT, is_broken_pipe, stamp,
};

#[derive(clap::Args)]
pub(super) struct Rows {
    /// Only of this feed; may be given several times
    #[arg(long = "feed", value_name = "ID")]
    feeds: Vec<String>,
    /// Only from then on: 2026-05-01T14:00:00Z, "2026-05-01 14:00" (this machine's clock), 2026-05-01.
    /// Laps, standings and heats go by when their heat began, playsets and results by when they
    /// were last received
    #[arg(long, value_name = "TIME")]
    from: Option<When>,
    /// Nothing from then on; a date includes its day
    #[arg(long, value_name = "TIME")]
    to: Option<When>,
    /// Only of this heat
    #[arg(long, value_name = "NUMBER")]
    heat: Option<i64>,
    /// csv, jsonl (JSON Lines) or parquet; the end of the file's name tells it too
    #[arg(long, value_name = "FORMAT", value_parser = clap::builder::PossibleValuesParser::new(Format::NAMES))]
    format: Option<String>,
    /// Begin a CSV with the mark by which Excel tells that it is UTF-8
    #[arg(long)]
    bom: bool,
    /// Where to; - is the standard output, as csv unless --format says otherwise
    #[arg(long, short, value_name = "FILE", default_value = STDOUT)]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Rows {
    pub async fn run(self, what: DataSet, config: PathBuf) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        let config = load(&config)?;
        let format = self.format()?;
        let wanted = self.wanted(what)?;
        // Before a database is started for nothing.
        ensure_free(&self.output, self.force)?;
        let database = select! {
            opened = Database::open_beside(&config) => opened?,
            () = signals.end() => return Err(stopped(&self.output).into()),
        };
        let url = database.url().to_owned();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let seen = is_stopped.clone();
        let export = web::block(move || self.export(&url, &wanted, format, &seen));
        pin!(export);
        let exported = select! {
            exported = &mut export => exported,
            () = signals.end() => {
                is_stopped.store(true, Ordering::Relaxed);
                export.await
            }
        };
        database.close().await;
        match exported.context("the export was cut short")? {
            // Whoever reads the standard output has seen enough.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            exported => Ok(exported?),
        }
    }

    fn export(
        &self,
        url: &str,
        wanted: &Wanted,
        format: Format,
        is_stopped: &AtomicBool,
    ) -> anyhow::Result<()> {
        let cursor = Cursor::open(url, wanted)?;
        let out = Out::create(&self.output, self.force).with_context(|| shown(&self.output))?;
        let in_file = |error| match error {
            ExportError::Io(error) => anyhow::Error::new(error).context(shown(&self.output)),
            error => anyhow::Error::new(error),
        };
        let mut export = Export::new(cursor, format, None, out).map_err(in_file)?;
        let bar = self.bar(&export)?;
        while export.step().map_err(in_file)? {
            bar.set_length(export.estimate());
            bar.set_position(export.rows());
            ensure!(!is_stopped.load(Ordering::Relaxed), stopped(&self.output));
        }
        bar.finish_and_clear();
        let rows = export.rows();
        export.finish().map_err(in_file)?.finish().with_context(|| shown(&self.output))?;
        self.report(wanted.what, rows);
        Ok(())
    }

    fn wanted(&self, what: DataSet) -> anyhow::Result<Wanted> {
        let (from, to) = (self.from.map(|when| when.from), self.to.map(|when| when.to));
        if let (Some(from), Some(to)) = (from, to) {
            ensure!(from < to, "--from {} is not before --to {}", stamp(from), stamp(to));
        }
        let feeds = self.feeds.iter().map(|feed| FeedId::new(feed.as_str())).collect();
        let heat = self.heat;
        ensure!(
            heat.is_none() || what.has_heats(),
            "{} have no heats; leave --heat away",
            what.as_str()
        );
        Ok(Wanted { what, feeds, from, to, heat })
    }

    /// As `--format` says, or the end of the file's name.
    fn format(&self) -> anyhow::Result<Format> {
        let end = self.output.extension().and_then(|end| end.to_str());
        let name = match (&self.format, end) {
            (Some(name), _) => name,
            (None, _) if is_stdout(&self.output) => Format::NAMES[0],
            (None, Some(end)) => end,
            (None, None) => "",
        };
        let Some(format) = Format::named(name) else {
            bail!(
                "the end of the name {} does not say what to write: .csv, .jsonl (JSON Lines) or \
                 .parquet; or say --format",
                self.output.display()
            );
        };
        let is_text = format != Format::Parquet;
        ensure!(
            is_text || !is_stdout(&self.output) || !io::stdout().is_terminal(),
            "a Parquet file is nothing for a terminal; name a file with --output"
        );
        match format {
            Format::Csv { .. } => Ok(Format::Csv { bom: self.bom }),
            format => {
                ensure!(!self.bom, "--bom is for csv, not for {}", format.as_str());
                Ok(format)
            }
        }
    }

    /// None is drawn where rows are shown at the same terminal.
    fn bar(&self, export: &Export<Out>) -> anyhow::Result<ProgressBar> {
        if is_stdout(&self.output) && io::stdout().is_terminal() {
            return Ok(ProgressBar::hidden());
        }
        progress::rows_bar(export.estimate())
    }

    fn report(&self, what: DataSet, rows: u64) {
        let line = format!("{} rows={rows} file={}", what.as_str(), shown(&self.output));
        match is_stdout(&self.output) {
            true => eprintln!("{line}"),
            false => say(format_args!("{line}")),
        }
    }
}

/// Where the rows go.
enum Out {
    File(BufWriter<WholeFile>),
    Stdout(BufWriter<Stdout>),
}

impl Out {
    fn create(path: &Path, replace: bool) -> io::Result<Self> {
        if is_stdout(path) {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        }
        WholeFile::create(path, replace).map(BufWriter::new).map(Self::File)
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::File(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?.finish(),
            Self::Stdout(mut out) => out.flush(),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(out) => out.write(bytes),
            Self::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(out) => out.flush(),
            Self::Stdout(out) => out.flush(),
        }
    }
}

fn ensure_free(path: &Path, replace: bool) -> anyhow::Result<()> {
    let is_free = is_stdout(path) || replace || path.symlink_metadata().is_err();
    ensure!(is_free, "{} is there already; --force replaces it", path.display());
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == STDOUT
}

fn shown(path: &Path) -> String {
    if is_stdout(path) { "the standard output".to_owned() } else { path.display().to_string() }
}

fn stopped(path: &Path) -> anyhow::Error {
    match is_stdout(path) {
        true => anyhow::anyhow!("stopped; not everything was written"),
        false => anyhow::anyhow!("stopped; {} was not written", path.display()),
    }
}

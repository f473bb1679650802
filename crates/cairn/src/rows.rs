//! Rows of an answer, written as they come: read from Arrow on a thread of their own, in bounded memory except for a
//! table, whose columns are as wide as their widest value.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, bail};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_ipc::reader::StreamReader;
use bytes::{Buf, Bytes};
use client::Streamed;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::Deserialize;

use crate::commands::sql::Format;
use crate::output;

/// Parts of an answer that wait to be written.
const WAITING_MAX: usize = 8;

/// What the node says behind the last row.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct End {
    pub(crate) complete: bool,
    pub(crate) rows: u64,
    #[serde(default)]
    pub(crate) message: String,
}

/// Writes all rows. A file has its name only when it is whole.
pub(crate) async fn write(mut answer: Streamed, format: Format, file: Option<PathBuf>) -> anyhow::Result<End> {
    let (sender, receiver) = sync_channel::<Bytes>(WAITING_MAX);
    let writing = tokio::task::spawn_blocking(move || written(receiver, format, file.as_deref()));
    let mut sender = Some(sender);
    while let Some(bytes) = answer.next().await? {
        let Some(waiting) = sender.take() else { break };
        // The other side has an error to tell when it does not listen any more.
        let sent = tokio::task::spawn_blocking(move || waiting.send(bytes).is_ok().then_some(waiting)).await?;
        sender = sent;
    }
    drop(sender);
    writing.await?
}

/// Bytes as they arrive.
struct Arriving {
    receiver: Receiver<Bytes>,
    current: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.recv() {
                Ok(bytes) => self.current = bytes,
                Err(_) => return Ok(0),
            }
        }
        let taken = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..taken]);
        Ok(taken)
    }
}

// The user's own file, not one of a data folder.
#[allow(clippy::disallowed_methods)]
fn written(receiver: Receiver<Bytes>, format: Format, file: Option<&Path>) -> anyhow::Result<End> {
    let mut reader = StreamReader::try_new(Arriving { receiver, current: Bytes::new() }, None)
        .context("the answer cannot be read")?;
    let partial = file.map(|file| {
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        PathBuf::from(name)
    });
    let out: Box<dyn Write + Send> = match &partial {
        Some(path) => Box::new(File::create(path).with_context(|| format!("could not create {}", path.display()))?),
        None => Box::new(Quiet(io::stdout())),
    };
    let mut sink = Sink::new(format, reader.schema(), io::BufWriter::new(out))?;
    for batch in reader.by_ref() {
        sink.write(&batch.context("the answer broke off")?).context("could not write the rows")?;
    }
    sink.finish().context("could not write the rows")?;
    let mut said = Vec::new();
    reader.get_mut().read_to_end(&mut said)?;
    let Ok(end) = serde_json::from_slice::<End>(&said) else { bail!("the answer broke off") };
    if let (Some(partial), Some(file)) = (partial, file) {
        std::fs::rename(&partial, file).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(end)
}

/// Standard output whose reader may go away, as after `| head`: nobody is left to tell then.
struct Quiet(io::Stdout);

impl Write for Quiet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.0.write(bytes);
        if matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            std::process::exit(0);
        }
        outcome
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

type Out = io::BufWriter<Box<dyn Write + Send>>;

/// Where rows go.
enum Sink {
    Table { rows: Vec<Vec<String>>, schema: SchemaRef, out: Out },
    Json(arrow::json::LineDelimitedWriter<Out>),
    Csv(Box<arrow::csv::Writer<Out>>),
    Parquet(Box<ArrowWriter<Out>>),
}

impl Sink {
    fn new(format: Format, schema: SchemaRef, out: Out) -> anyhow::Result<Sink> {
        Ok(match format {
            Format::Table => Sink::Table { rows: Vec::new(), schema, out },
            Format::Json => {
                let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                Sink::Json(builder.build::<_, arrow::json::writer::LineDelimited>(out))
            }
            Format::Csv => {
                let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(out);
                // The header of a result without rows.
                writer.write(&RecordBatch::new_empty(schema))?;
                Sink::Csv(Box::new(writer))
            }
            Format::Parquet => {
                let zstd = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(zstd).build();
                Sink::Parquet(Box::new(ArrowWriter::try_new(out, schema, Some(properties))?))
            }
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Sink::Table { rows, .. } => {
                let options = FormatOptions::default();
                let columns: Vec<ArrayFormatter<'_>> = batch
                    .columns()
                    .iter()
                    .map(|column| ArrayFormatter::try_new(column, &options))
                    .collect::<Result<_, _>>()?;
                let row = |at| columns.iter().map(|column| output::one_line(&column.value(at).to_string())).collect();
                rows.extend((0..batch.num_rows()).map(row));
            }
            Sink::Json(writer) => writer.write(batch)?,
            Sink::Csv(writer) => writer.write(batch)?,
            Sink::Parquet(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Sink::Table { rows, schema, mut out } => {
                let mut table = Table::new();
                let names = schema.fields().iter().map(|field| field.name().to_uppercase());
                table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(names);
                table.add_rows(rows);
                for column in table.column_iter_mut() {
                    column.set_padding((0, 2));
                }
                for line in table.lines() {
                    writeln!(out, "{}", line.trim_end())?;
                }
                out.flush()?;
            }
            Sink::Json(mut writer) => {
                writer.finish()?;
                writer.into_inner().flush()?;
            }
            Sink::Csv(writer) => writer.into_inner().flush()?,
            Sink::Parquet(writer) => writer.into_inner()?.flush()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

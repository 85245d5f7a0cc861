//! Read models: what lists, search, timeline and round are read from, so that no screen opens a document.
//!
//! They are functions of the documents alone. [`rebuild`] drops and recomputes them; a save or a received batch updates
//! them in its own transaction, for the keys it changed. If the two ever differed, a screen would show something nobody
//! wrote: a test holds them equal after any order of saves and receipts.

mod card;
mod current;
pub(crate) mod hand_overs;
pub(crate) mod letters;
pub(crate) mod pages;
pub(crate) mod plans;
pub(crate) mod read;
mod timeline;
pub(crate) mod words;

use rusqlite::Connection;
use tendenko_protocol::document::DocumentId;

use crate::documents::Loaded;
use crate::store::StoreError;

/// Names the way models are computed. Change it with the computation, and every store rebuilds itself when it is opened.
pub(crate) const FORM: &str = "5";

const TABLES: [&str; 5] = ["m_patients", "m_search", "m_timeline", "m_read", "m_conflicts"];

/// Which keys of a document to look at again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed<'a> {
    /// All of them.
    Everything,
    /// These.
    Keys(&'a [String]),
}

/// Brings the models of one document up to date.
pub(crate) fn update(
    connection: &Connection,
    id: DocumentId,
    document: &Loaded,
    changed: Changed<'_>,
) -> Result<(), StoreError> {
    timeline::update(connection, id, document, changed)?;
    match document {
        Loaded::Card(card) => card::update(connection, id, card),
        Loaded::Volume(_) => current::update(connection, id, document, changed),
    }
}

/// Takes what the models say of one document out of them; the caller then updates it with [`Changed::Everything`].
pub(crate) fn forget(connection: &Connection, id: DocumentId) -> Result<(), StoreError> {
    timeline::forget(connection, id)?;
    connection.execute("DELETE FROM m_conflicts WHERE document = ?1", [id.to_bytes()])?;
    Ok(())
}

/// Empties every model; the caller then updates each document with [`Changed::Everything`].
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    words::clear(connection)?;
    for table in TABLES {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

/// Every row of every model as text, in a fixed order: two equal stores give equal dumps.
#[cfg(test)]
pub(crate) fn dump(connection: &Connection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in TABLES {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3")).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|i| format!("{:?}", row.get_ref(i).unwrap())).collect();
            rows.push(format!("{table} {}", cells.join(" | ")));
        }
    }
    rows
}

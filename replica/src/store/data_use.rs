//! Bytes on the wire, by calendar month and kind of network.

use rusqlite::{Connection, params};

use super::{StoreError, signed, unsigned};
use crate::metering::{DataUse, MonthOfUse, Network};

/// Adds to a month.
pub(crate) fn add(connection: &Connection, month: &str, network: Network, bytes: DataUse) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO data_use (month, network, sent, received) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (month, network) DO UPDATE SET sent = sent + excluded.sent, received = received + excluded.received",
        )?
        .execute(params![month, network.code(), signed(bytes.sent), signed(bytes.received)])?;
    Ok(())
}

/// The sum of a month over all networks.
pub(crate) fn of_month(connection: &Connection, month: &str) -> Result<DataUse, StoreError> {
    let sum = connection
        .prepare_cached("SELECT coalesce(sum(sent), 0), coalesce(sum(received), 0) FROM data_use WHERE month = ?1")?
        .query_row([month], |row| Ok(DataUse { sent: unsigned(row.get(0)?), received: unsigned(row.get(1)?) }))?;
    Ok(sum)
}

/// All months, the newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<MonthOfUse>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT month, network, sent, received FROM data_use ORDER BY month DESC, network")?;
    let months = statement
        .query_map([], |row| {
            Ok(MonthOfUse {
                month: row.get(0)?,
                network: Network::from_code(&row.get::<_, String>(1)?),
                bytes: DataUse { sent: unsigned(row.get(2)?), received: unsigned(row.get(3)?) },
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(months)
}

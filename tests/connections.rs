//! Tests of connection tests and of the egress policy around them, through the API of the started program.

mod destinations;
mod hostile;
mod limits;
mod policy;
mod postgres;
mod providers;
mod sftp;
mod shapes;
mod storing;

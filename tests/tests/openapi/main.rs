//! The contract document: it has every route and no other, its references and links lead
//! somewhere, and its examples are right. Every answer of every other test is held against it,
//! too: [`tests::openapi`].

mod answers;
mod examples;
mod references;
mod routes;

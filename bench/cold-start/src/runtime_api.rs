//! Lambda's side of the Runtime API for one invocation, on plain sockets, so that what is measured
//! is the function.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

/// What API Gateway sends for `GET /console`.
const EVENT: &str = include_str!("../../../events/console-app.json");

/// A function's answer as it posted it, and when all of it was there.
pub(crate) struct Answered {
    pub(crate) at: Instant,
    pub(crate) body: String,
}

/// Where the function finds it, and where its first answer comes out.
pub(crate) fn listen() -> io::Result<(SocketAddr, Receiver<Answered>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (answers, answered) = channel();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answers = answers.clone();
            // A connection ends when the function does.
            thread::spawn(move || serve(connection, &answers));
        }
    });
    Ok((address, answered))
}

fn serve(mut connection: TcpStream, answers: &Sender<Answered>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut requests = BufReader::new(connection.try_clone()?);
    while let Some((head, body)) = request(&mut requests)? {
        if head.starts_with("GET ") {
            connection.write_all(invocation().as_bytes())?;
        } else {
            let at = Instant::now();
            connection.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
            // Only the first answer is waited for.
            let _ = answers.send(Answered { at, body });
        }
    }
    Ok(())
}

/// The next request's first line, and its body, whose length its head must say.
fn request(requests: &mut impl BufRead) -> io::Result<Option<(String, String)>> {
    let mut first = String::new();
    if requests.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        requests.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    requests.read_exact(&mut body)?;
    let body = String::from_utf8(body).map_err(io::Error::other)?;
    Ok(Some((first, body)))
}

fn invocation() -> String {
    format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 00000001-0000-4000-8000-000000000000\r\n\
         lambda-runtime-deadline-ms: 4102444800000\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-north-1:123456789012:function:verv\r\n\
         content-length: {}\r\n\r\n{EVENT}",
        EVENT.len()
    )
}

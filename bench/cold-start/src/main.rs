//! The time from the start of a process to its first answer: of the function of the pages, and of
//! one that does nothing, in turn. Prints the ratio of the medians beside its bound, and fails where
//! it is missed.

mod runtime_api;

use runtime_api::listen;
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How often each is started.
const STARTS: usize = 300;

/// What the function may take, as a multiple of the bare one's time.
const BOUND: f64 = 1.25;

/// How long a start may take at most.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let folder = own.parent().ok_or("no folder")?;
    let names = ["bare", "console"];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..STARTS {
        for (name, times) in names.iter().zip(&mut times) {
            let time = first_answer(&folder.join(name))?;
            // The first rounds read the files.
            if round >= STARTS / 10 {
                times.push(time);
            }
        }
    }
    let mut medians = Vec::new();
    for (name, mut times) in names.into_iter().zip(times) {
        times.sort();
        let [tenth, median, ninth] = [1, 5, 9].map(|part| times[times.len() * part / 10]);
        let size = std::fs::metadata(folder.join(name))?.len() / 1024;
        println!("{name:8} {median:>9.2?} ({tenth:.2?} to {ninth:.2?}), {size} KiB");
        medians.push(median.as_secs_f64());
    }
    let ratio = medians[1] / medians[0];
    let is_met = ratio <= BOUND;
    let word = if is_met { "" } else { "  MISSED" };
    println!("ratio    {ratio:>8.2} ×  (at most {BOUND}){word}");
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// From the start of the process to its answer, which must be a 200.
fn first_answer(program: &Path) -> Result<Duration, Box<dyn Error>> {
    let (address, answers) = listen()?;
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "local")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .env("AWS_REGION", "eu-north-1")
        // What the template gives every function.
        .env("TABLE_NAME", "verv")
        .env("JOIN_BASE_URL", "https://app.org.no/join")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let mut process = command
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let answer = answers.recv_timeout(PATIENCE);
    process.kill()?;
    process.wait()?;
    let answer = answer.map_err(|_| format!("{}: no answer", program.display()))?;
    if !answer.body.contains("\"statusCode\":200") {
        return Err(format!("{}: {}", program.display(), answer.body).into());
    }
    Ok(answer.at - begun)
}

//! What is wrong with a setting.

/// A setting that is missing or cannot be read; names the variable.
#[derive(Debug, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct SettingError {
    variable: &'static str,
    problem: String,
}

impl SettingError {
    pub(crate) fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self {
            variable,
            problem: problem.into(),
        }
    }
}

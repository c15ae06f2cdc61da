"""What `.ci/house` is made of: reading Rust, the module graph, the figures, the samples."""

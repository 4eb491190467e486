//! Placeholder until the real one is written.
#[derive(clap::Args)]
pub struct Simulate {}
impl Simulate {
    pub async fn run(self) -> anyhow::Result<()> {
        Ok(())
    }
}

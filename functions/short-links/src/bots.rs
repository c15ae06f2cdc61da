//! Whether a user agent names itself as a program.
//!
//! A short list of words rather than a crate with hundreds of patterns: every cold start
//! would compile those, and honest crawlers and link previews nearly all use these words.

/// Words that crawlers, link previews and monitors put in their user agent, in lower case.
const WORDS: [&str; 21] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "whatsapp/",
    "embedly",
    "quora link",
    "outbrain",
    "vkshare",
    "w3c_validator",
    "google-read-aloud",
    "google-inspectiontool",
    "mediapartners-google",
    "chrome-lighthouse",
    "headlesschrome",
    "uptime",
    "pingdom",
];

/// Whether the program that sent `user_agent` says that it is one.
pub(crate) fn is_bot(user_agent: &str) -> bool {
    let lower = user_agent.to_ascii_lowercase();
    // The Cubot phones carry people.
    let lower = lower.replace("cubot", "");
    WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_bot;

    #[test]
    fn programs_that_say_so_are_bots() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "WhatsApp/2.23.20.0",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)",
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn people_are_not() {
        for agent in [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
            "curl/8.5.0",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}

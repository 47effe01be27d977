use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use url::Url;

/// The browser of a user at an authorization server. It keeps cookies and runs no scripts.
#[derive(Default)]
pub(crate) struct Browser {
    /// The cookie values, by place (host and port) and name.
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    /// Follows an authorization URL. The server uses the account `alice@example.com` unless the URL names
    /// another one. Returns the URL of the redirect to `redirect_uri`, without calling it.
    pub(crate) async fn follow(&mut self, authorization_url: &str) -> Url {
        let start = Url::parse(authorization_url).unwrap();
        let redirect_uri =
            parameter(&start, "redirect_uri").expect("an authorization URL with a redirect URI");
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none());
        let http = http.timeout(Duration::from_secs(30)).build().unwrap();
        let mut url = start;
        for _ in 0..10 {
            let answer = http.get(url.clone()).header(COOKIE, self.cookies_for(&url)).send().await.unwrap();
            self.keep(&url, &answer);
            let status = answer.status();
            let Some(location) = answer.headers().get(LOCATION) else {
                // The message contains nothing of the page, because that may repeat the state.
                panic!("{} answers {status} and leads nowhere", url.path());
            };
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().split('?').next() == Some(redirect_uri.as_str()) {
                return url;
            }
        }
        panic!("the redirects of the authorization server do not end");
    }

    /// Follows a URL with another account, such as `bob@example.com`.
    pub(crate) async fn follow_as(&mut self, authorization_url: &str, account: &str) -> Url {
        let mut url = Url::parse(authorization_url).unwrap();
        url.query_pairs_mut().append_pair("login_hint", account);
        self.follow(url.as_str()).await
    }

    fn cookies_for(&self, url: &Url) -> String {
        let place = place(url);
        let ours = self.cookies.iter().filter(|((of, _), _)| *of == place);
        ours.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, url: &Url, answer: &reqwest::Response) {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert((place(url), name.to_owned()), value.to_owned());
        }
    }
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

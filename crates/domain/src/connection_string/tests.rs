use super::ConnectionString;

const HOSTILE: &str = include_str!("hostile.txt");
const VENDORS: &str = include_str!("vendors.txt");

fn lines(corpus: &'static str) -> impl Iterator<Item = &'static str> {
    corpus.lines().filter(|line| !line.starts_with('#'))
}

fn refusal(text: &str) -> String {
    ConnectionString::parse(text).unwrap_err().to_string()
}

#[test]
fn both_forms_say_the_same() {
    let texts = [
        "postgres://app:p%3A%2Fw+d@db.example.com:6432/sales?sslmode=require",
        "postgresql://app:p%3A%2Fw+d@db.example.com:6432/sales?sslmode=require&application_name=x",
        "host=db.example.com port=6432 user=app password='p:/w+d' dbname = sales sslmode=require",
        r"host=db.example.com port=6432 user=app password=p:\/w+d dbname=sales sslmode=require",
    ];
    for text in texts {
        let parsed = ConnectionString::parse(text).unwrap();
        assert_eq!(parsed.host, "db.example.com");
        assert_eq!(parsed.port, Some(6432));
        assert_eq!((parsed.username.as_str(), parsed.database.as_str()), ("app", "sales"));
        assert_eq!(parsed.password.unwrap().expose(), "p:/w+d");
        assert_eq!(parsed.sslmode.as_deref(), Some("require"));
    }
    let v6 = ConnectionString::parse("postgres://u:p@[2001:db8::1]:5433/d").unwrap();
    assert_eq!((v6.host.as_str(), v6.port), ("2001:db8::1", Some(5433)));
    assert_eq!(ConnectionString::parse("postgres://u:p@[2001:db8::1]/d").unwrap().port, None);
}

#[test]
fn hostile_strings_are_refused() {
    assert!(lines(HOSTILE).count() >= 120);
    let others =
        ["", " ", "postgres://u:p@h/d ", "host=a\nuser=u password=p dbname=d", "postgres://u:p@h/d\0"];
    for text in lines(HOSTILE).chain(others) {
        assert!(ConnectionString::parse(text).is_err(), "{text:?} was accepted");
    }
}

#[test]
fn strings_as_vendors_hand_them_out_are_taken() {
    for text in lines(VENDORS) {
        let parsed = ConnectionString::parse(text).unwrap_or_else(|rule| panic!("{text}: {rule}"));
        assert_eq!(parsed.host, "db.example.com", "{text}");
        assert_eq!((parsed.username.as_str(), parsed.database.as_str()), ("app", "sales"), "{text}");
        assert_eq!(parsed.password.unwrap().expose(), "s3cret", "{text}");
        assert!(parsed.sslmode.is_none_or(|mode| super::SSL_MODES.contains(&mode.as_str())), "{text}");
    }
}

#[test]
fn a_refusal_names_the_key_or_the_place_and_the_next_step() {
    for (text, words) in [
        ("postgres://u:p@h/d?sslkey=/etc/x", "sets sslkey, which names files"),
        ("postgres://u:p@h/d?sslrootcert=/etc/x", "sets sslrootcert, which names files"),
        ("postgres://u:p@h/d?hostaddr=1.2.3.4", "sets hostaddr, which leads to another server"),
        ("postgres://u:p@h/d?swimlane=1", "sets swimlane, which is not known here"),
        ("postgres://u:p@h/d?host=x", "sets host, which must be set once"),
        ("host=h user=u password=p dbname=d service=x", "sets service, which names files"),
        ("host=h user=u password='p' swimlane=x dbname=d", "sets swimlane,"),
        ("postgres://u:p@a,b/d", "several hosts"),
        ("host=/tmp user=u password=p dbname=d", "names a socket"),
        ("postgres://u:p@h", "must name a database"),
        ("postgres://h/d", "must name a user and a password"),
        ("postgres://u:p#w@h/d", "at position 15 that cannot stand there: percent-encode"),
        ("postgres://u:p/w@h/d", "at position 15 "),
        ("postgres://u:p?w@h/d", "at position 15 "),
        ("postgres://u:pé@w@h/d", "at position 16 "),
        ("postgres://u:p@w/x@h/d", "at position 15 "),
        ("postgres://u:p%w@h/d", "at position 15 "),
        ("postgres://u:p@h/d#x", "at position 19 "),
        ("host=h user=u password=my word dbname=d", "at position 27 that begins no key=value pair"),
        ("host=h user=u password='my word dbname=d", "at position 24 that begins a value"),
        ("postgres://u:p\n@h/d", "at position 15 that is a control character"),
        ("postgres://u:[YOUR-PASSWORD]@h/d", "placeholder"),
        ("host=h user=u password={your_password} dbname=d", "placeholder"),
        ("jdbc:postgresql://h/d?user=u&password=p", "JDBC"),
        ("Server=h;Database=d;User Id=u;Password=p", ".NET"),
        ("psql 'postgres://u:p@h/d'", "a command"),
        ("DATABASE_URL=postgres://u:p@h/d", "name of a variable"),
        ("\"postgres://u:p@h/d\"", "quotes"),
        ("cockroachdb://u:p@h/d", "scheme"),
        ("u:p@h/d", "must begin with postgres://"),
        ("host=h user=u password=p sslcert=/x dbname=d", "sets sslcert, which names files"),
        ("host=h user=u password=p canary=x dbname=d", "single quotes"),
        ("postgres://u:p@2001:db8::1:5432/d", "square brackets"),
        ("postgres://u:p@localhost/d?host=/cloudsql/a:b:c", "names a socket"),
        ("postgres://u:p@h/d?unix_sock=/tmp/x", "sets unix_sock, which names files"),
        ("postgres://u:p@h/d?sslmode=require#x", "position 35 that cannot stand there: write it as %23"),
        ("\u{feff}postgres://u:p@h/d", "cannot be seen"),
        ("“postgres://u:p@h/d”", "quotes"),
        ("postgres://u:${PGPASSWORD}@h/d", "placeholder where the password"),
        ("postgres://u:••••••@h/d", "placeholder where the password"),
        ("postgres://<user>:p@h/d", "placeholder where the user"),
        ("host=h user=u password=p dbname={your_database}", "placeholder where the database"),
    ] {
        assert!(refusal(text).contains(words), "{text}: {}", refusal(text));
    }
}

/// A password with unencoded characters can look like keys.
#[test]
fn no_refusal_holds_a_part_of_a_password() {
    for text in [
        "postgres://u:a?canary=b@h/d",
        "postgres://u:a@b?canary=c@h/d",
        "postgres://u:a@b/c?canary=d@h/d",
        "postgres://u:canary#x@h/d",
        "host=h user=u password=a canary=b dbname=d",
        "host=h user=u password=a canary dbname=d",
        "canary://u:p@h/d",
    ] {
        assert!(!refusal(text).contains("canary"), "{text}: {}", refusal(text));
    }
}

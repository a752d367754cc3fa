package report

import "testing"

func TestRedact(t *testing.T) {
	const secret = "0123456789abcdefghijklmnopqrstuvwxyz"
	cases := map[string]struct {
		text, want string
	}{
		"nothing to leave out": {"Leader changed service=shop/web from=a to=b", "Leader changed service=shop/web from=a to=b"},
		"the path of a webhook": {
			"Post https://tanist.tanist-system.svc:443/" + secret + "/validate-departures?timeout=1s: EOF",
			"Post https://tanist.tanist-system.svc:443/<left out>/validate-departures?timeout=1s: EOF",
		},
		"a secret that is known":     {"it is hush-hush", "it is <left out>"},
		"a path without a secret":    {"/validate-departures", "/validate-departures"},
		"a token of a request":       {"Authorization: Bearer abcdef0123456789", "Authorization: Bearer <left out>"},
		"the word bearer":            {"the bearer of it", "the bearer of it"},
		"a JSON Web Token":           {`"token":"eyJhbGciOiJub25l.eyJpc3MiOiJt.c2ln"`, `"token":"<left out>"`},
		"a private key":              {"-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\nmore", "<left out>\nmore"},
		"a private key in JSON":      {`{"key":"-----BEGIN PRIVATE KEY-----\nMHcCAQ==\n-----END PRIVATE KEY-----\n"}`, `{"key":"<left out>\n"}`},
		"a private key that is cut":  {`{"key":"-----BEGIN PRIVATE KEY-----\nMHcC","b":1}`, `{"key":"<left out>","b":1}`},
		"a certificate":              {"-----BEGIN CERTIFICATE-----\nMHcC", "-----BEGIN CERTIFICATE-----\nMHcC"},
		"a password in a URL":        {"https://me:hush@example.com/x", "https://<left out>@example.com/x"},
		"a parameter":                {"GET /healthz?token=hush&x=1", "GET /healthz?token=<left out>&x=1"},
		"a time and a port in a URL": {"http://10.0.0.1:8080/x at 12:00:00", "http://10.0.0.1:8080/x at 12:00:00"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &redactor{}
			r.know("hush-hush")
			if got := string(r.redact([]byte(test.text))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

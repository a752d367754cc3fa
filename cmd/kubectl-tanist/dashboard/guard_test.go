package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhoIsAnswered(t *testing.T) {
	guarded := guard("secret", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }))
	for name, test := range map[string]struct {
		method, host, path string
		want               int
		body               string
	}{
		"who has the address":              {"GET", "127.0.0.1:4711", "/secret/", 200, "/"},
		"by the other name":                {"GET", "localhost:4711", "/secret/main.js", 200, "/main.js"},
		"without a port":                   {"GET", "LOCALHOST", "/secret/events", 200, "/events"},
		"without the token":                {"GET", "127.0.0.1:4711", "/", 404, "open the whole address"},
		"with another token":               {"GET", "127.0.0.1:4711", "/secreT/", 404, "open the whole address"},
		"with more than the token":         {"GET", "127.0.0.1:4711", "/secrets/", 404, "open the whole address"},
		"without the slash":                {"GET", "127.0.0.1:4711", "/secret", 404, "open the whole address"},
		"with the token as an argument":    {"GET", "127.0.0.1:4711", "/?token=secret", 404, "open the whole address"},
		"a name that was rebound":          {"GET", "attacker.example:4711", "/secret/", 421, "127.0.0.1 and localhost only"},
		"a name that begins like ours":     {"GET", "localhost.attacker.example:4711", "/secret/", 421, "127.0.0.1 and localhost only"},
		"an address that begins like ours": {"GET", "127.0.0.1.attacker.example", "/secret/", 421, "127.0.0.1 and localhost only"},
		"any address of this machine":      {"GET", "0.0.0.0:4711", "/secret/", 421, "127.0.0.1 and localhost only"},
		"no name at all":                   {"GET", "", "/secret/", 421, "127.0.0.1 and localhost only"},
		"who would change something":       {"POST", "127.0.0.1:4711", "/secret/", 405, "changes nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, "http://127.0.0.1"+test.path, nil)
			request.Host = test.host
			answer := httptest.NewRecorder()
			guarded.ServeHTTP(answer, request)
			if answer.Code != test.want || !strings.Contains(answer.Body.String(), test.body) {
				t.Errorf("got %d, %q", answer.Code, answer.Body)
			}
			for _, header := range []string{"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "Cache-Control"} {
				if answer.Header().Get(header) == "" {
					t.Errorf("there is no header %s", header)
				}
			}
		})
	}
}

func TestListenersAreOfThisMachine(t *testing.T) {
	listener, err := listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	a, b := newAddress(listener), newAddress(listener)
	if !strings.HasPrefix(a.url(), "http://127.0.0.1:") || !strings.HasSuffix(a.url(), "/"+a.token+"/") || len(a.token) < 26 {
		t.Errorf("the address is %s", a.url())
	}
	if a.token == b.token {
		t.Error("two dashboards have the same token")
	}
}

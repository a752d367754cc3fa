package probe_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/observe"
)

func TestAnyResponseIsAnAnswerAndSomeEndTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		response                string
		wantReusable, wantReady bool
	}{
		"an error with a body":                 {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno", true, false},
		"no body":                              {"HTTP/1.1 204 No Content\r\n\r\n", true, true},
		"a body in chunks":                     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true, true},
		"a redirect, not followed":             {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", true, true},
		"an interim response first":            {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, true},
		"a header of 8 KiB":                    {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 8<<10) + "\r\nContent-Length: 0\r\n\r\n", true, true},
		"a body of 60 KiB":                     {"HTTP/1.1 200 OK\r\nContent-Length: 61440\r\n\r\n" + strings.Repeat("x", 60<<10), true, true},
		"the server will close":                {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false, true},
		"an old server, which closes":          {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, true},
		"a body that ends with the connection": {"HTTP/1.1 200 OK\r\n\r\nok", false, true},
		"another protocol":                     {"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, false},
		"a header of 32 KiB":                   {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 32<<10) + "\r\nContent-Length: 0\r\n\r\n", false, false},
		"a body of 1 MiB":                      {"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20), false, true},
		"a body that does not come":            {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, true},
		"not HTTP":                             {"SSH-2.0-OpenSSH_10.0\r\n", false, false},
		"a single byte":                        {"H", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: serve(t, func(conn net.Conn) {
				for in := bufio.NewReader(conn); ; {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					_, _ = conn.Write([]byte(test.response))
				}
			})})
			ask(t, conn)
			if got := conn.Reusable(); got != test.wantReusable {
				t.Fatalf("After %s, the connection is said to be reusable: %t", name, got)
			}
			if got := conn.Ready(); got != test.wantReady {
				t.Errorf("After %s, the pod is said to be ready: %t", name, got)
			}
			if test.wantReusable {
				ask(t, conn)
			} else if err := conn.Ask(t.Context()); err == nil {
				t.Error("A connection that is not reusable was used again")
			}
		})
	}
}

func TestHTTPRequestIsThatOfTheKubelet(t *testing.T) {
	type request struct {
		Target, Host string
		Header       http.Header
	}
	accept := []string{"*/*"}
	for name, test := range map[string]struct {
		probe observe.Probe
		want  request
	}{
		"a probe that says nothing": {
			want: request{"/", "ADDRESS", http.Header{"User-Agent": {"tanist"}, "Accept": accept}},
		},
		"a path with a query": {
			observe.Probe{Path: "/ready?verbose=1"},
			request{"/ready?verbose=1", "ADDRESS", http.Header{"User-Agent": {"tanist"}, "Accept": accept}},
		},
		"a path that is no URL": {
			observe.Probe{Path: "/a b%"},
			request{"/a%20b%25", "ADDRESS", http.Header{"User-Agent": {"tanist"}, "Accept": accept}},
		},
		"an empty header Accept": {
			observe.Probe{Path: "/", Headers: header("Accept", "", "User-Agent", "")},
			request{"/", "ADDRESS", http.Header{}},
		},
		"a host, and headers that are there twice": {
			observe.Probe{Path: "/", Host: "db.example", Headers: header("X-A", "1", "user-agent", "me", "x-a", "2")},
			request{"/", "db.example", http.Header{"X-A": {"1", "2"}, "User-Agent": {"me"}, "Accept": accept}},
		},
		"a header that would be a second request": {
			observe.Probe{Path: "/", Headers: header("X-A", "1\r\n\r\nGET /admin HTTP/1.1")},
			request{"/", "ADDRESS", http.Header{"X-A": {"1    GET /admin HTTP/1.1"}, "User-Agent": {"tanist"}, "Accept": accept}},
		},
	} {
		for kind, start := range map[observe.ProbeKind]func(http.Handler) *httptest.Server{
			observe.ProbeHTTP: httptest.NewServer, observe.ProbeHTTPS: httptest.NewTLSServer,
		} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				t.Parallel()
				got := make(chan request, 2)
				server := start(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet || r.ContentLength != 0 {
						t.Errorf("A probe was sent as %s with %d bytes", r.Method, r.ContentLength)
					}
					got <- request{r.RequestURI, r.Host, r.Header}
				}))
				t.Cleanup(server.Close)
				repeated := test.probe
				repeated.Kind, repeated.Address = kind, addressOfServer(server)
				conn := dial(t, repeated)
				for range 2 {
					ask(t, conn)
					want := test.want
					want.Host = strings.ReplaceAll(want.Host, "ADDRESS", repeated.Address.String())
					if diff := cmp.Diff(want, <-got); diff != "" {
						t.Errorf("The pod was asked for something else than by its probe (-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

func TestHostOfAnIPv6AddressIsInBrackets(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("No IPv6 here: %v", err)
	}
	host := make(chan string, 1)
	server := httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) { host <- r.Host })}}
	server.Start()
	defer server.Close()
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: addressOf(listener)})
	ask(t, conn)
	if got := <-host; got != listener.Addr().String() {
		t.Errorf("The host of %s is said to be %q", listener.Addr(), got)
	}
}

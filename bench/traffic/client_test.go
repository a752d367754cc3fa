package traffic

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// totals lets a client send about so many requests to a URL and returns what it saw.
func totals(t *testing.T, url string, requests int) Totals {
	t.Helper()
	config := Config{URL: url, Rate: MaxRate - 1, MaxRequests: requests, MaxTime: time.Minute}
	var windows []Window
	if err := Send(t.Context(), config, func(w Window) error { windows = append(windows, w); return nil }); err != nil {
		t.Fatalf("Send: %v", err)
	}
	return sum(windows)
}

func TestSend(t *testing.T) {
	tests := map[string]struct {
		handler    http.HandlerFunc
		wantOK     bool
		wantErrors string
	}{
		"an answer is a success": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("pod-1\n")) }, wantOK: true,
		},
		"a page that is not there is an answer": {handler: http.NotFound, wantOK: true},
		"a redirect is an answer and is not followed": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
			}, wantOK: true,
		},
		"a server's error is a failure": {
			handler:    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
			wantErrors: "status",
		},
		"a connection that closes without an answer is a failure": {
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, wantErrors: "closed",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			got := totals(t, server.URL, 20)
			if total := got.OK + got.Failed; total < 20 || total > 25 {
				t.Errorf("%d requests, want about 20", total)
			}
			if test.wantOK && got.Failed > 0 || !test.wantOK && got.OK > 0 {
				t.Errorf("got %+v", got)
			}
			if got.Errors[test.wantErrors] != got.Failed {
				t.Errorf("errors = %v, want all %q", got.Errors, test.wantErrors)
			}
		})
	}
}

func TestSendToNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if got := totals(t, server.URL, 10); got.OK != 0 || got.Errors["refused"] != got.Failed {
		t.Errorf("got %+v, want only refused", got)
	}
}

func TestConfigValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"defaults are valid":   {func(*Config) {}, ""},
		"no URL":               {func(c *Config) { c.URL = "" }, "--url must not be empty"},
		"too many connections": {func(c *Config) { c.Rate = 200 }, "--rate must be from 1 to 199 new connections per second, got 200"},
		"no end":               {func(c *Config) { c.MaxRequests = 0 }, "--max-requests must be at least 1, got 0"},
		"no time":              {func(c *Config) { c.MaxTime = 0 }, "--max-time must be longer than 0s, got 0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := DefaultConfig()
			config.URL = "http://192.0.2.1/"
			test.change(&config)
			got := ""
			if err := config.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("error = %q, want %q", got, test.want)
			}
		})
	}
}

package retry

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestFailFastHidesRetryAfterFromCallsThatAHandoverWaitsFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	client := &http.Client{Transport: FailFast(http.DefaultTransport)}
	for name, want := range map[string]string{"a hand-over's call": "", "any other call": "1"} {
		ctx := t.Context()
		if want == "" {
			ctx = WithFailFast(ctx)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPatch, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		if got := response.Header.Get("Retry-After"); got != want {
			t.Errorf("%s: got Retry-After %q, want %q", name, got, want)
		}
	}
}

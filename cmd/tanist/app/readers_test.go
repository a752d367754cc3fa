package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// An invented token must not be passed on to the API server as often as somebody sends it.
func TestAnAddressReadsTheMetricsAFewTimesASecond(t *testing.T) {
	asked := 0
	handler := limitReaders(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	read := func(from string) int {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		request.RemoteAddr = from
		handler.ServeHTTP(recorder, request)
		return recorder.Code
	}
	refused := 0
	for range 10 * readsAtOnce {
		if read("10.0.0.1:4000") == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 8*readsAtOnce || asked+refused != 10*readsAtOnce {
		t.Errorf("%d of %d reads were refused, and %d passed on", refused, 10*readsAtOnce, asked)
	}
	if got := read("10.0.0.2:4000"); got != http.StatusOK {
		t.Errorf("another address is told %d", got)
	}
}

package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

func TestProbes(t *testing.T) {
	mgr := &probedManager{
		live: &healthz.Handler{Checks: map[string]healthz.Checker{}}, ready: &healthz.Handler{Checks: map[string]healthz.Checker{}},
	}
	fails := func(*http.Request) error { return errors.New("not yet") }
	for _, err := range []error{
		mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("caches", healthz.Ping), mgr.AddReadyzCheck("webhook", fails),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	handler := mgr.handler()
	for path, want := range map[string]int{
		"/healthz": http.StatusOK, "/healthz/ping": http.StatusOK, "/healthz/caches": http.StatusNotFound,
		"/readyz": http.StatusInternalServerError, "/readyz/": http.StatusInternalServerError,
		"/readyz/caches": http.StatusOK, "/readyz/webhook": http.StatusInternalServerError,
		"/readyz?exclude=webhook": http.StatusOK, "/": http.StatusNotFound, "/healthzx": http.StatusNotFound,
	} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if recorder.Code != want {
			t.Errorf("%s: got %d, want %d", path, recorder.Code, want)
		}
	}
}

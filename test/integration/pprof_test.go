//go:build integration

package integration_test

import (
	"net/http"
	"testing"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/test/env"
)

func TestProfilesAreServedIfAskedFor(t *testing.T) {
	address := env.UnusedAddress()
	newTanist(t).startWith(app.Options{PprofAddress: address})
	history.eventually(t, func() string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/debug/pprof/goroutine", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "profiles: " + err.Error()
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return "profiles: " + response.Status
		}
		return ""
	})
}

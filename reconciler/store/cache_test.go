package store

import (
	"net/http/httptest"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
)

func TestSynced(t *testing.T) {
	for _, synced := range []bool{false, true} {
		check := Synced(&informertest.FakeInformers{Synced: &synced})
		if err := check(httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil)); (err == nil) != synced {
			t.Errorf("synced %t: got %v", synced, err)
		}
	}
}

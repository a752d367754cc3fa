package kubeconfig

import "testing"

func TestServiceName(t *testing.T) {
	for argument, want := range map[string]string{
		"payments": "payments", "service/payments": "payments", "services/payments": "payments", "svc/payments": "payments",
	} {
		if got := ServiceName(argument); got != want {
			t.Errorf("%s names the Service %s, want %s", argument, got, want)
		}
	}
}

package installation

import (
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

func TestLeaseProblem(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lease := func(holder string, renewed time.Duration) *coordinationv1.Lease {
		at := metav1.NewMicroTime(now.Add(-renewed))
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &at}}
	}
	cases := map[string]struct {
		lease *coordinationv1.Lease
		want  string
	}{
		"renewed just now":        {lease: lease("x", time.Second)},
		"renewed in the future":   {lease: lease("x", -time.Hour)},
		"not renewed for a while": {lease("x", 5*time.Minute), "its Lease in namespace tanist was last renewed 5m ago"},
		"given back":              {lease("", time.Second), "no replica holds its Lease in namespace tanist"},
		"never renewed": {
			func() *coordinationv1.Lease { l := lease("x", 0); l.Spec.RenewTime = nil; return l }(), "its Lease in namespace tanist was never renewed",
		},
		"not there": {nil, "there is no Lease tanist in namespace tanist (set --tanist-namespace if Tanist is elsewhere)"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := LeaseProblem(test.lease, "tanist", now); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhetherAdmissionIsAuthenticated(t *testing.T) {
	configuration := func(paths ...*string) *admissionregistrationv1.ValidatingWebhookConfiguration {
		c := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "tanist-tanist"}}
		for _, path := range paths {
			c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{
				ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Path: path}},
			})
		}
		return c
	}
	secret := new("/0123456789abcdefghijklmnopqrstuvwxyz/validate-services")
	for name, test := range map[string]struct {
		client *fake.Clientset
		want   bool
	}{
		"there are no webhooks": {fake.NewClientset(), false},
		"with a secret":         {fake.NewClientset(configuration(secret, secret)), false},
		"without a path":        {fake.NewClientset(configuration(nil)), true},
		"one without a secret":  {fake.NewClientset(configuration(secret, new("/validate-services"))), true},
		"of another installation": {fake.NewClientset(&admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: "other-tanist"}, Webhooks: configuration(nil).Webhooks,
		}), false},
	} {
		t.Run(name, func(t *testing.T) {
			got := Reader{Client: test.client, Namespace: "tanist"}.authenticated(t.Context())
			if warned := len(got) == 1 && got[0].Phrase == status.NotAuthenticated; warned != test.want || len(got) > 1 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

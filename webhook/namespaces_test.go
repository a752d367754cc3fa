package webhook

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestNamespaces(t *testing.T) {
	namespace := func(value string) *corev1.Namespace {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "a"}}}
		if value != "" {
			ns.Labels[config.EnabledKey] = value
		}
		return ns
	}
	deleted := namespace("")
	deleted.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	const (
		misspelt = `tanist: label tanist.dev/enabled="yes" does not opt namespace shop in: the value must be "true"`
		losing   = "tanist: namespace shop is no longer opted in: the leader Services of web will be removed after the tuning's optOutGrace, unless the namespace has the label " +
			"tanist.dev/enabled=true again"
		losingMany = "tanist: namespace shop is no longer opted in: the leader Services of a, b, c and 2 more will be removed after the tuning's optOutGrace, " +
			"unless the namespace has the label tanist.dev/enabled=true again"
	)
	unwatched := namespace("true")
	unwatched.Name = "elsewhere"
	elsewhere := service("web")
	elsewhere.Namespace = "other"
	cases := map[string]struct {
		services     fakeServices
		old, new     *corev1.Namespace
		wantWarnings []string
	}{
		"a new namespace without the label": {new: namespace("")},
		"a new namespace that opts in":      {new: namespace("true")},
		"a new namespace in which the label has no effect": {new: unwatched, wantWarnings: []string{
			"tanist: label tanist.dev/enabled has no effect in namespace elsewhere: Tanist is installed for some namespaces only, and this is none of them",
		}},
		"a new namespace that opts out":            {new: namespace("false")},
		"a new namespace with a misspelt label":    {new: namespace("yes"), wantWarnings: []string{misspelt}},
		"opting in":                                {old: namespace(""), new: namespace("true")},
		"opting in with a misspelt label":          {old: namespace(""), new: namespace("yes"), wantWarnings: []string{misspelt}},
		"opting out":                               {old: namespace("true"), new: namespace("false"), wantWarnings: []string{losing}},
		"the label is removed":                     {old: namespace("true"), new: namespace(""), wantWarnings: []string{losing}},
		"the label is changed to a misspelt one":   {old: namespace("true"), new: namespace("yes"), wantWarnings: []string{misspelt, losing}},
		"a misspelt label is removed":              {old: namespace("yes"), new: namespace("")},
		"no Service loses its leader Service":      {services: fakeServices{elsewhere, without(service("web"), config.EnabledKey)}, old: namespace("true"), new: namespace("")},
		"many Services lose their leader Services": {services: fakeServices{service("c"), service("e"), service("a"), service("b"), service("d")}, old: namespace("true"), new: namespace(""), wantWarnings: []string{losingMany}},
		"a namespace that is being deleted":        {old: namespace("true"), new: deleted},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.services == nil {
				test.services = fakeServices{service("web")}
			}
			s := newServer(t, test.services)
			request := admissionv1.AdmissionRequest{Operation: admissionv1.Create, Object: raw(t, test.new)}
			if test.old != nil {
				request.Operation, request.OldObject = admissionv1.Update, raw(t, test.old)
			}
			response := s.ask(config.PathNamespaces, request)
			if !response.Allowed {
				t.Errorf("refused: %+v", response.Result)
			}
			if diff := cmp.Diff(test.wantWarnings, response.Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
			if got := s.failures(hookNamespaces); got != 0 {
				t.Errorf("%v failures are counted", got)
			}
		})
	}
}

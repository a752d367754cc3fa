package get

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

func newService(name string, annotations map[string]string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Labels: map[string]string{"app": name}, Annotations: annotations},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}, Selector: map[string]string{"app": name}},
	}
}

var enabled = map[string]string{config.EnabledKey: "true"}

func snapshotOf(t *testing.T, o *options, all ...*corev1.Service) *snapshot {
	t.Helper()
	if o.matching == nil {
		o.matching = labels.Everything()
	}
	list := &corev1.ServiceList{}
	for _, service := range all {
		list.Items = append(list.Items, *service)
	}
	s := newSnapshot(o)
	if err := errors.Join(s.fill(services, list), s.fill(endpointSlices, &corev1.ServiceList{})); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhichServicesAreShown(t *testing.T) {
	yes := true
	boss := newService("web-leader", nil)
	boss.Labels[config.SourceServiceKey] = "web"
	boss.OwnerReferences = []metav1.OwnerReference{{Kind: "Service", Name: "web", UID: "web", Controller: &yes}}
	there := []*corev1.Service{
		newService("web", enabled), boss, newService("plain", nil), newService("off", map[string]string{config.EnabledKey: "false"}),
		newService("odd", map[string]string{config.EnabledKey: "yes"}), newService("api", enabled),
	}
	selector, err := labels.Parse("app=api")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		options *options
		want    []string
		missing string
	}{
		"those that asked, rightly or wrongly":      {options: &options{namespace: "shop"}, want: []string{"api", "odd", "web"}},
		"those with labels":                         {options: &options{namespace: "shop", matching: selector}, want: []string{"api"}},
		"one by its name, whether it asked or not":  {options: &options{namespace: "shop", services: []string{"plain"}}, want: []string{"plain"}},
		"one by the name of its leader Service":     {options: &options{namespace: "shop", services: []string{"web-leader"}}, want: []string{"web"}},
		"one by its type and name":                  {options: &options{namespace: "shop", services: []string{"service/api"}}, want: []string{"api"}},
		"one that is not there, beside one that is": {&options{namespace: "shop", services: []string{"api", "gone"}}, []string{"api"}, `services "gone" not found`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			w := snapshotOf(t, test.options, there...)
			var got []string
			for _, leader := range w.list(nil).Items {
				got = append(got, leader.Service)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected Services (-want +got):\n%s", diff)
			}
			missing := ""
			if err := w.missing(); err != nil {
				missing = err.Error()
			}
			if missing != test.missing {
				t.Errorf("missing %q, want %q", missing, test.missing)
			}
		})
	}
}

func TestAWatchPrintsWhatChanges(t *testing.T) {
	o := &options{namespace: "shop", noHeaders: true, watch: true}
	w := snapshotOf(t, o, newService("web", enabled))
	var out bytes.Buffer
	p := printerFor(t, o, genericiooptions.IOStreams{Out: &out, ErrOut: &out})
	l := &live{snapshot: w, printer: p, last: map[types.NamespacedName]status.Leader{}}
	s := &store{l, services}
	step := func(what string, do func() error, want string) {
		t.Helper()
		out.Reset()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	row := func(name, warnings string) string {
		return name + "   <none>   <none>   <none>   <none>   <none>   <none>   " + warnings + "\n"
	}
	step("the first list", func() error { return s.Replace([]any{newService("web", enabled)}, "1") }, row("web", "no leader Service yet"))
	step("the same again", func() error { return s.Update(newService("web", enabled)) }, "")
	step("a change that is not shown", func() error {
		changed := newService("web", enabled)
		changed.Labels["team"] = "shop"
		return s.Update(changed)
	}, "")
	step("a wrong annotation", func() error {
		return s.Update(newService("web", map[string]string{config.EnabledKey: "true", config.StickyKey: "no"}))
	}, row("web", "wrong annotation sticky, no leader Service yet"))
	step("another Service", func() error { return s.Add(newService("api", enabled)) }, row("api", "no leader Service yet"))
	step("it opts out", func() error { return s.Update(newService("api", nil)) }, row("api", "gone"))
	step("it is deleted", func() error { return s.Delete(newService("web", enabled)) }, row("web", "gone"))
	step("a list after a gap", func() error { return s.Replace([]any{newService("api", enabled)}, "9") }, row("api", "no leader Service yet"))
	step("a list in which it is missing", func() error { return s.Replace(nil, "10") }, row("api", "gone"))
}

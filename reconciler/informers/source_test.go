package informers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/watchlist"
)

// TestRequests: what is asked for is limited to the namespace and the selector, and is sent as protobuf.
func TestRequests(t *testing.T) {
	replicaSets := &metav1.PartialObjectMetadata{}
	replicaSets.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), meta.RESTScopeNamespace)
	selected := Kind{Name: pods, Object: &corev1.Pod{}, Label: labels.SelectorFromSet(labels.Set{"a": "b"}), Field: fields.OneTermNotEqualSelector("status.phase", "Failed")}
	cases := map[string]struct {
		kind      Kind
		namespace string
		path      string
		query     url.Values
	}{
		"pods of a namespace":        {kind: selected, namespace: "shop", path: "/api/v1/namespaces/shop/pods", query: url.Values{"labelSelector": {"a=b"}, "fieldSelector": {"status.phase!=Failed"}}},
		"pods of the cluster":        {kind: selected, path: "/api/v1/pods", query: url.Values{"labelSelector": {"a=b"}, "fieldSelector": {"status.phase!=Failed"}}},
		"metadata of a namespace":    {kind: Kind{Name: "sets", Object: replicaSets}, namespace: "shop", path: "/apis/apps/v1/namespaces/shop/replicasets"},
		"metadata of the cluster":    {kind: Kind{Name: "sets", Object: replicaSets}, path: "/apis/apps/v1/replicasets"},
		"all pods of the namespaces": {kind: Kind{Name: pods, Object: &corev1.Pod{}}, path: "/api/v1/pods"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			requests := make(chan *http.Request, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests <- r
				http.Error(w, "no", http.StatusTeapot)
			}))
			defer server.Close()
			source, err := newSource(Options{
				Cluster: &rest.Config{Host: server.URL}, HTTPClient: server.Client(), Scheme: scheme.Scheme, Mapper: mapper,
			}, test.kind)
			if err != nil {
				t.Fatal(err)
			}
			noted := 0
			lw := newRequests(source(test.namespace), asItIs, func(err error) {
				if err != nil {
					noted++
				}
			}, make(chan struct{}, maxLists))
			for verb, ask := range map[string]func() error{
				"list": func() error {
					_, err := toolscache.ToListerWatcherWithContext(lw).ListWithContext(t.Context(), metav1.ListOptions{})
					return err
				},
				"watch": func() error {
					_, err := toolscache.ToListerWatcherWithContext(lw).WatchWithContext(t.Context(), metav1.ListOptions{})
					return err
				},
			} {
				if err := ask(); err == nil {
					t.Fatal("the server's error is lost")
				}
				got := <-requests
				query := got.URL.Query()
				if watched := query.Get("watch") != ""; watched != (verb == "watch") {
					t.Errorf("%s asks for a watch: %t", verb, watched)
				}
				if got.URL.Path != test.path || query.Get("labelSelector") != test.query.Get("labelSelector") || query.Get("fieldSelector") != test.query.Get("fieldSelector") {
					t.Errorf("%s asks for %s", verb, got.URL)
				}
				if accepted := got.Header.Get("Accept"); !strings.HasPrefix(accepted, "application/vnd.kubernetes.protobuf") {
					t.Errorf("%s accepts %s first", verb, accepted)
				}
			}
			if noted != 2 {
				t.Errorf("%d errors are noted, want that of the list and that of the watch", noted)
			}
			if !watchlist.DoesClientNotSupportWatchListSemantics(lw) {
				t.Error("the list is streamed")
			}
		})
	}
}

//go:build integration

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/controllers"
	"github.com/tanist-dev/tanist/test/gateway/dataplane"
	"github.com/tanist-dev/tanist/tracing"
)

var (
	api client.WithWatch
	// gatewayKey is the Gateway that the routes belong to.
	gatewayKey = client.ObjectKey{Namespace: "gateway-system", Name: "gateway"}
	// gatewayURL is where the gateway listens.
	gatewayURL string
	// pods are the servers that play the containers of pods.
	pods = &servers{at: map[string]string{}}
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil)))
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests, with a control plane that has the Gateway API, one replica of Tanist, and the gateway.
func run(m *testing.M) (code int, err error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return 0, errors.New("KUBEBUILDER_ASSETS is not set: it must name a folder with etcd, kube-apiserver, kube-controller-manager and kubectl (make integration sets it)")
	}
	crds, err := crds()
	if err != nil {
		return 0, err
	}
	env := controllers.ControlPlane()
	env.CRDDirectoryPaths, env.ErrorIfCRDPathMissing = []string{crds}, true
	env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/20,fd00:10::/108")
	cluster, err := env.Start()
	if err != nil {
		return 0, fmt.Errorf("failed to start control plane: %w", err)
	}
	defer func() { err = errors.Join(err, env.Stop()) }()
	cluster.QPS = -1
	clientset, err := kubernetes.NewForConfig(cluster)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, err := controllers.Start(ctx, clientset, env.KubeConfig, "endpointslice-controller", "garbage-collector-controller")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), gatewayv1.Install(scheme)); err != nil {
		return 0, err
	}
	if api, err = client.NewWithWatch(cluster, client.Options{Scheme: scheme}); err != nil {
		return 0, err
	}
	ended := make(chan error, 2)
	start := func(mgr ctrl.Manager) { go func() { ended <- mgr.Start(ctx) }() }
	tanist, err := newTanist(ctx, cluster)
	if err != nil {
		return 0, err
	}
	start(tanist)
	if err := createGateway(ctx); err != nil {
		return 0, err
	}
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{Scheme: scheme, Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		return 0, err
	}
	gateway := dataplane.New(gatewayKey, mgr.GetCache(), pods.dial)
	if err := gateway.WriteStatus(mgr); err != nil {
		return 0, err
	}
	start(mgr)
	listener := httptest.NewServer(gateway)
	defer listener.Close()
	gatewayURL = listener.URL
	code = m.Run()
	cancel()
	return code, errors.Join(<-ended, <-ended)
}

// newTanist makes a replica of the whole program, with all rights and without admission.
func newTanist(ctx context.Context, cluster *rest.Config) (ctrl.Manager, error) {
	meta := metav1.ObjectMeta{Namespace: "tanist-system", Name: config.TuningState}
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: meta.Namespace}},
		&corev1.ConfigMap{ObjectMeta: meta}, // the chart creates it without data
	} {
		if err := api.Create(ctx, object); err != nil {
			return nil, err
		}
	}
	return app.New(ctx, cluster, app.Options{Namespace: meta.Namespace, LeaderElect: true, MetricsAddress: "0", HealthAddress: "0"},
		app.Telemetry{Registerer: prometheus.NewRegistry(), Log: ctrl.Log, Tracer: tracing.New(noop.NewTracerProvider())})
}

// createGateway creates a Gateway that takes routes of all namespaces.
func createGateway(ctx context.Context) error {
	const class = "test"
	all := gatewayv1.NamespacesFromAll
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: gatewayKey.Namespace}},
		&gatewayv1.GatewayClass{
			ObjectMeta: metav1.ObjectMeta{Name: class}, Spec: gatewayv1.GatewayClassSpec{ControllerName: dataplane.ControllerName},
		},
		&gatewayv1.Gateway{
			ObjectMeta: metav1.ObjectMeta{Namespace: gatewayKey.Namespace, Name: gatewayKey.Name},
			Spec: gatewayv1.GatewaySpec{GatewayClassName: class, Listeners: []gatewayv1.Listener{{
				Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType,
				AllowedRoutes: &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &all}},
			}}},
		},
	} {
		if err := api.Create(ctx, object); err != nil {
			return fmt.Errorf("failed to create %T: %w", object, err)
		}
	}
	return nil
}

// crds returns the folder with the CRDs of the Gateway API's standard channel, in its module.
func crds() (string, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		return "", fmt.Errorf("failed to find the module of the Gateway API: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(folder)), "config", "crd", "standard"), nil
}

//go:build integration

package integration_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/test/controllers"
)

var (
	cluster    *rest.Config
	kubeconfig []byte
	clientset  *kubernetes.Clientset
	history    *recorder
)

// running are the controllers that the tests run. Those that delete pods of nodes that do not exist are left out.
var running = []string{
	"endpoints-controller", "endpointslice-controller", "endpointslice-mirroring-controller", "garbage-collector-controller",
	"namespace-controller", "resourcequota-controller", "deployment-controller", "replicaset-controller", "statefulset-controller",
	"daemonset-controller", "job-controller",
}

var verbosity = flag.Int("verbosity", -4, "how much Tanist logs while it is tested")

func TestMain(m *testing.M) {
	flag.Parse()
	logger := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.Level(-*verbosity)}))
	ctrl.SetLogger(logger)
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return 0, fmt.Errorf("KUBEBUILDER_ASSETS is not set: it must name a folder with etcd, kube-apiserver, kube-controller-manager and kubectl (make integration sets it)")
	}
	stop, err := startCluster(context.Background())
	if err != nil {
		return 0, err
	}
	defer stop()
	defer func() {
		if err := theChart.end(); err != nil {
			fmt.Fprintln(os.Stderr, "failed to clean up:", err)
		}
	}()
	code := m.Run()
	return code, policyErrors(context.Background())
}

// startCluster starts a control plane, which the tests use until stop is called.
func startCluster(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	env := controllers.ControlPlane()
	env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/20,fd00:10::/108")
	tracing, err := traceOnRequest()
	if err != nil {
		cancel()
		return nil, err
	}
	env.ControlPlane.GetAPIServer().Configure().Set("tracing-config-file", tracing)
	config, err := env.Start()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("failed to start control plane: %w", err)
	}
	stopControllers := func() error { return nil }
	stop = func() {
		cancel() // otherwise the recorder would fail at the end of its watches
		if err := errors.Join(stopControllers(), env.Stop(), os.Remove(tracing)); err != nil {
			fmt.Fprintln(os.Stderr, "failed to stop control plane:", err)
		}
	}
	cluster, kubeconfig = config, env.KubeConfig
	cluster.QPS = -1
	if clientset, err = kubernetes.NewForConfig(cluster); err == nil {
		history, err = record(ctx, clientset)
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("failed to watch control plane: %w", err)
	}
	if err := limitAccount(ctx, cluster); err != nil {
		stop()
		return nil, err
	}
	if err := playWorkloads(ctx, cluster, clientset); err != nil {
		stop()
		return nil, fmt.Errorf("failed to hold the workload controllers back: %w", err)
	}
	working, err := controllers.Start(ctx, clientset, kubeconfig, running...)
	if err != nil {
		stop()
		return nil, err
	}
	stopControllers = working
	return stop, nil
}

// ownCluster gives a test its own control plane, for a test that removes what others need.
func ownCluster(t *testing.T) {
	t.Helper()
	sharedCluster, sharedKubeconfig, sharedClientset, sharedHistory := cluster, kubeconfig, clientset, history
	stop, err := startCluster(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cluster, kubeconfig, clientset, history = sharedCluster, sharedKubeconfig, sharedClientset, sharedHistory
	})
}

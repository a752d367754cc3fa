//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startCertManager runs cert-manager's own controllers in a process. stop ends it.
func startCertManager(ctx context.Context, folder, address string) (stop func() error, err error) {
	components := os.Getenv("KUBEBUILDER_ASSETS")
	if _, err := envtest.InstallCRDs(cluster, envtest.CRDInstallOptions{
		Paths: []string{filepath.Join(components, "crds")}, ErrorIfPathMissing: true,
	}); err != nil {
		return nil, fmt.Errorf("failed to install cert-manager's CRDs: %w", err)
	}
	file := filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(components, "cert-manager"), "--kubeconfig", file, "--listen", address)
	cmd.Stderr = os.Stderr // errors only
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("failed to start cert-manager: %w", err)
	}
	stop = func() error {
		if err := cmd.Process.Kill(); err != nil {
			return fmt.Errorf("failed to end cert-manager: %w", err)
		}
		if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			return fmt.Errorf("failed to wait for cert-manager: %w", err)
		}
		return nil
	}
	if err := waitServing(ctx, "http://"+address+"/readyz"); err != nil {
		return nil, errors.Join(fmt.Errorf("cert-manager does not become ready: %w", err), stop())
	}
	return stop, nil
}

func waitServing(ctx context.Context, url string) error {
	return wait.PollUntilContextTimeout(ctx, metricsInterval, 2*waitTimeout, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		client := http.Client{Timeout: time.Second}
		response, err := client.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

package env

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// reader is the service account that may read Tanist's metrics.
const reader = "tests-read-metrics"

// Metrics returns the metrics of one replica; the machine reaches the pods' addresses.
func Metrics(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) ([]byte, error) {
	token, err := readerToken(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("failed to get the right to read metrics: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	url := "https://" + net.JoinHostPort(pod.Status.PodIP, "8443") + "/metrics"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := replicas.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

// replicas calls replicas by their addresses, for which they have no certificate. Some tests also make them serve a wrong one.
var replicas = &http.Client{Transport: &http.Transport{
	DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
}}

var lent struct {
	sync.Mutex
	token string
	until time.Time
}

// readerToken returns a token of the account, which it creates if need be.
func readerToken(ctx context.Context, client kubernetes.Interface) (string, error) {
	lent.Lock()
	defer lent.Unlock()
	if time.Now().Before(lent.until) {
		return lent.token, nil
	}
	accounts := client.CoreV1().ServiceAccounts(TanistNamespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: reader}}
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", err
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: reader},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: TanistNamespace + "-tanist-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: TanistNamespace, Name: reader}},
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", err
	}
	request, err := accounts.CreateToken(ctx, reader, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	lent.token, lent.until = request.Status.Token, time.Now().Add(time.Until(request.Status.ExpirationTimestamp.Time)/2)
	return lent.token, nil
}

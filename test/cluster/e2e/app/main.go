// Command app is the workload of this module's tests. "/" answers its host name, "/fetch?url=" fetches a URL from within its pod,
// and "/whoami" asks the API server who its service account is and what it may do.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		fmt.Fprint(w, name)
	})
	http.HandleFunc("/fetch", func(w http.ResponseWriter, r *http.Request) {
		copyResponse(w, &http.Transport{DisableKeepAlives: true}, r.URL.Query().Get("url"), "")
	})
	http.HandleFunc("/whoami", func(w http.ResponseWriter, _ *http.Request) {
		token, err := os.ReadFile(serviceAccount + "token")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		ca, err := os.ReadFile(serviceAccount + "ca.crt")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		url := "https://" + os.Getenv("KUBERNETES_SERVICE_HOST") + "/api/v1/namespaces/default/secrets"
		copyResponse(w, transport, url, string(token))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func copyResponse(w http.ResponseWriter, transport http.RoundTripper, url, token string) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: transport, Timeout: 2 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

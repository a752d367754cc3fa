// Package deploy_test renders the chart, as an installation would, and checks what comes out of it. What needs Helm has the build tag
// chart: Helm is compiled the first time, which takes longer than a test should.
package deploy_test

"""nginx: TLS and forwarding only. Verifying tokens is in its commercial edition."""
import shutil
import subprocess

from . import places
from .contestant import Contestant, write


class Nginx(Contestant):
    name, title = "nginx", "nginx"
    modes = ("plain", "tls")

    def installed(self):
        return shutil.which("nginx") is not None

    def version(self):
        said = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
        return "nginx " + said.strip().split("/")[-1]

    def command(self, job, material, upstream, folder):
        server = f"unix:{upstream.path}" if job.unix else f"127.0.0.1:{places.UPSTREAM_PORT}"
        tls = f"""
    ssl_certificate {material.certificate}; ssl_certificate_key {material.key};
    ssl_protocols TLSv1.3; ssl_session_tickets on;""" if job.has_tls else ""
        scratch = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = write(folder, "nginx.conf", f"""
worker_processes {job.workers}; daemon off; user root; pid {folder}/pid;
error_log {folder}/errors error;
events {{ worker_connections 12000; }}
http {{
  access_log off; server_tokens off; tcp_nodelay on;
  keepalive_timeout 300s; keepalive_requests 1000000000;
  # The buffers hold what the profiles send: a file would be written otherwise.
  client_max_body_size 16m; client_body_buffer_size 64k;
  proxy_buffers 16 16k; proxy_buffer_size 8k; proxy_max_temp_file_size 0;
{scratch}
  upstream up {{
    server {server};
    keepalive 256; keepalive_requests 1000000000; keepalive_timeout 300s;
  }}
  server {{
    listen 127.0.0.1:{places.PROXY_PORT}{" ssl" if job.has_tls else ""} backlog=4096;{tls}
    location / {{
      proxy_pass http://up; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $host;
    }}
  }}
}}
""")
        return ["nginx", "-p", folder, "-c", path, "-e", f"{folder}/errors"]

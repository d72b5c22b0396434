<?php
// PHP's built-in server: `php -S 127.0.0.1:PORT php_app.php`.
declare(strict_types=1);

$seen = [];

function text(mixed $value): string
{
    if (is_string($value)) {
        $isText = preg_match('//u', $value) === 1;
        return $isText ? $value : (string) preg_replace('/[^ -~]/', '?', $value);
    }
    return (string) json_encode($value);
}

function tree(string $place, mixed $value, string $name = ''): void
{
    global $seen;
    if (is_array($value)) {
        foreach ($value as $key => $child) {
            tree($place, $child, $name . '/' . text((string) $key));
        }
    } else {
        $seen[] = [$place, $name, text($value)];
    }
}

foreach ($_SERVER as $name => $value) {
    if (str_starts_with((string) $name, 'HTTP_')) {
        tree('environ', $value, substr((string) $name, 5));
    }
}
foreach (getallheaders() as $name => $value) {
    tree('header', $value, (string) $name);
}
$path = (string) parse_url('http://host' . $_SERVER['REQUEST_URI'], PHP_URL_PATH);
$seen[] = ['path', '', text(rawurldecode($path))];
if (preg_match('#^/v1/tenants/([^/]+)/#', $path, $found) === 1) {
    $seen[] = ['path parameter', 'tenant_id', text(rawurldecode($found[1]))];
}
tree('query', $_GET);
tree('form', $_POST);
tree('cookie', $_COOKIE);
tree('request', $_REQUEST);
foreach ($_FILES as $name => $file) {
    if (is_string($file['tmp_name']) && is_file($file['tmp_name'])) {
        tree('file', (string) file_get_contents($file['tmp_name']), (string) $name);
    }
}
$body = (string) file_get_contents('php://input');
foreach (array_unique([$body, ...explode("\n", $body)]) as $line) {
    $value = json_decode($line, true, 3000);
    if ($value !== null) {
        tree('json', $value);
    }
}
$answer = json_encode(['seen' => $seen], JSON_INVALID_UTF8_SUBSTITUTE);
header('Content-Type: application/json');
header('Content-Length: ' . strlen($answer));
echo $answer;
return true;

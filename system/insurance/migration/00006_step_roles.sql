-- +goose Up
-- Steps written before 00005 name the post in Russian alone. Whoever could do a
-- step then held one of these posts of НИСУР; they get its other languages. A
-- post that НИСУР does not have stays as it was written.
UPDATE case_step SET by_role_ky = 'ММКФнын эксперти', by_role_en = 'Expert of the fund'
    WHERE by_role = 'Эксперт ФОМС' AND by_role_ky = '' AND by_role_en = '';
UPDATE case_step SET by_role_ky = 'Медициналык статистик', by_role_en = 'Medical statistician'
    WHERE by_role = 'Медицинский статистик' AND by_role_ky = '' AND by_role_en = '';
UPDATE case_step SET by_role_ky = 'Бөлүм башчысы', by_role_en = 'Head of department'
    WHERE by_role = 'Заведующий отделением' AND by_role_ky = '' AND by_role_en = '';
UPDATE case_step SET by_role_ky = 'Директордун орун басары', by_role_en = 'Deputy director'
    WHERE by_role = 'Заместитель директора' AND by_role_ky = '' AND by_role_en = '';
UPDATE case_step SET by_role_ky = 'Директор', by_role_en = 'Director'
    WHERE by_role = 'Директор' AND by_role_ky = '' AND by_role_en = '';
UPDATE case_step SET by_role_ky = 'Кадрлар бөлүмүнүн башчысы', by_role_en = 'Head of personnel'
    WHERE by_role = 'Начальник отдела кадров' AND by_role_ky = '' AND by_role_en = '';

-- +goose Down
-- What was filled in is as true as what was written since, and stays.
SELECT 1;
